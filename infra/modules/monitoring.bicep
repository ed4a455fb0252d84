// Logs of all hosts, capped by the day, and Application Insights of the control plane.

import { tagMap } from 'types.bicep'

param location string
param tags tagMap
param workspaceName string
param insightsName string

@minValue(1)
@description('Logs beyond so many GB a day are dropped, and not paid for.')
param gigabytesPerDay int

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' = {
  name: workspaceName
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: 30
    workspaceCapping: { dailyQuotaGb: gigabytesPerDay }
    features: {
      disableLocalAuth: true
      enableLogAccessUsingOnlyResourcePermissions: true
    }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: insightsName
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    DisableLocalAuth: true
    IngestionMode: 'LogAnalytics'
    WorkspaceResourceId: workspace.id
  }
}

output workspaceId string = workspace.id
output insightsConnection string = insights.properties.ConnectionString
