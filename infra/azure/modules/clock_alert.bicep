// Says that control's clock stands still: the app did not load, its timer is off, or the host does not start. Control
// could not say so itself, so that this goes to people, and not by hub inbound.
param name string
param location string
param tags object

@description('The Log Analytics workspace in which the apps\' telemetry is kept.')
param logsId string

@description('The control app, under whose name its telemetry is kept.')
param appName string

@description('E-mail addresses. Empty: the alert shows in Azure Monitor alone.')
param watchers array

// The timer function of control, which fires each minute.
var timer = 'clock'

// Requests are sampled when there are many, so that what the host counts of each function counts as well.
var requests = 'AppRequests | where AppRoleName =~ "${appName}" and Name == "${timer}" | summarize Runs = toreal(count())'
var counts = 'AppMetrics | where AppRoleName =~ "${appName}" and Name == "${timer} Count" | summarize Runs = toreal(sum(Sum))'

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(watchers)) {
  name: '${name}-people'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'sluiceclock'
    enabled: true
    emailReceivers: [for each in watchers: {
      name: each
      emailAddress: each
      useCommonAlertSchema: true
    }]
  }
}

resource standsStill 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = {
  name: name
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: 'Sluice: control\'s clock stands still'
    description: 'No run of function ${timer} of ${appName} for a quarter of an hour. sluice doctor control says since when.'
    severity: 1
    enabled: true
    scopes: [logsId]
    // Without any telemetry yet the tables are not there.
    skipQueryValidation: true
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    autoMitigate: true
    criteria: {
      allOf: [
        {
          query: 'union (${requests}), (${counts}) | summarize Runs = sum(Runs)'
          timeAggregation: 'Total'
          metricMeasureColumn: 'Runs'
          operator: 'LessThan'
          threshold: 1
          failingPeriods: {
            numberOfEvaluationPeriods: 1
            minFailingPeriodsToAlert: 1
          }
        }
      ]
    }
    actions: {
      actionGroups: empty(watchers) ? [] : [people.id]
    }
  }
}
