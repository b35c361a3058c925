// Where the apps' telemetry goes. Only Entra identities may send: the connection string alone opens nothing.
param prefix string
param location string
param tags object

@description('List of {id, type}: who may send telemetry.')
param senders array

var monitoringMetricsPublisher = '3913510d-42f4-4e42-8a64-420c390055eb'

resource logs 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: '${prefix}-logs'
  location: location
  tags: tags
  properties: {
    sku: {
      name: 'PerGB2018'
    }
    retentionInDays: 90
    features: {
      disableLocalAuth: true
    }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: '${prefix}-insights'
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: logs.id
    DisableLocalAuth: true
  }
}

resource maySend 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for sender in senders: {
  scope: insights
  name: guid(insights.id, sender.id, monitoringMetricsPublisher)
  properties: {
    principalId: sender.id
    principalType: sender.type
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', monitoringMetricsPublisher)
  }
}]

output insightsName string = insights.name
output logsId string = logs.id
