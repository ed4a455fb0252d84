// What somebody should be told of: messages that were given up, executions that failed, runs that stand still or failed.

import { tagMap } from 'types.bicep'

@description('A query over the logs that is an alert once it has more than so many rows within an hour.')
type logAlert = { name: string, text: string, query: string, rows: int, severity: int }

param location string
param tags tagMap
param prefix string
param namespaceName string
param workspaceId string
param jobNames string[]

@description('Who is told; empty for nobody: the alerts are in the portal all the same.')
param emails string[]

var jobs = join(map(jobNames, name => '"${name}"'), ', ')
var lines = 'union isfuzzy=true (AppTraces | project TimeGenerated, Line = Message), (ContainerAppConsoleLogs | project TimeGenerated, Line = Log)'
// The phrases are those of the hosts' log lines 410 and 100.
var logAlerts logAlert[] = [
  {
    name: 'execution-failed'
    text: 'An execution of a job failed or ran out of time.'
    query: 'ContainerAppSystemLogs | where JobName in (${jobs}) | where Reason in ("BackoffLimitExceeded", "DeadlineExceeded")'
    rows: 0
    severity: 2
  }
  {
    name: 'run-stands-still'
    text: 'The watchdog sent the same work again and again.'
    query: '${lines} | where Line has "stood still: message"'
    rows: 2
    severity: 2
  }
  {
    name: 'run-failed'
    text: 'A run failed; its reason is in the log line and in its status.'
    query: '${lines} | where Line matches regex @"Run \\S+ is Failed in "'
    rows: 0
    severity: 3
  }
]

resource namespace 'Microsoft.ServiceBus/namespaces@2024-01-01' existing = {
  name: namespaceName
}

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(emails)) {
  name: 'ag-${prefix}'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'knapsack'
    emailReceivers: map(emails, email => { name: email, emailAddress: email, useCommonAlertSchema: true })
  }
}

resource deadLetters 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: '${prefix}-dead-letters'
  location: 'global'
  tags: tags
  properties: {
    description: 'Messages stay in a dead-letter queue: the function that gives them a visible end fails or does not run.'
    severity: 2
    enabled: true
    scopes: [namespace.id]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          name: 'dead-letters'
          criterionType: 'StaticThresholdCriterion'
          metricName: 'DeadletteredMessages'
          metricNamespace: 'Microsoft.ServiceBus/namespaces'
          dimensions: [{ name: 'EntityName', operator: 'Include', values: ['*'] }]
          timeAggregation: 'Minimum'
          operator: 'GreaterThan'
          threshold: 0
        }
      ]
    }
    actions: empty(emails) ? [] : [{ actionGroupId: people.id }]
  }
}

resource logQueries 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for alert in logAlerts: {
    name: '${prefix}-${alert.name}'
    location: location
    tags: tags
    properties: {
      displayName: '${prefix}-${alert.name}'
      description: alert.text
      severity: alert.severity
      enabled: true
      scopes: [workspaceId]
      evaluationFrequency: 'PT15M'
      windowSize: 'PT1H'
      autoMitigate: true
      // The tables are made by the first log line.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: alert.query
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: alert.rows
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: { actionGroups: empty(emails) ? [] : [people.id] }
    }
  }
]
