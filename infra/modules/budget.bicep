// Tells when the month's cost nears an amount. It stops nothing: executions, their time and a run's own limits do.

param name string

@minValue(1)
param amountPerMonth int

@description('First day of a month, as 2026-12-01.')
param start string
param emails string[]

type notification = {
  enabled: bool
  operator: 'GreaterThan'
  threshold: int
  thresholdType: 'Actual' | 'Forecasted'
  contactRoles: string[]
  contactEmails: string[]
}

func notice(kind 'Actual' | 'Forecasted', percent int, emails string[]) notification => {
  enabled: true
  operator: 'GreaterThan'
  threshold: percent
  thresholdType: kind
  contactRoles: ['Owner']
  contactEmails: emails
}

resource budget 'Microsoft.Consumption/budgets@2023-11-01' = {
  name: name
  properties: {
    amount: amountPerMonth
    category: 'Cost'
    timeGrain: 'Monthly'
    timePeriod: { startDate: start }
    notifications: {
      half: notice('Actual', 50, emails)
      most: notice('Actual', 90, emails)
      foreseen: notice('Forecasted', 110, emails)
    }
  }
}
