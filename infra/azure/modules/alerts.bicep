// Where alert rules and budgets point, so that their alerts arrive at hub inbound in the common schema. The group sends
// as its own identity, which only this preview of the API can say: earlier ones would need a key of the namespace.
param name string
param tags object
param namespaceName string
param hubName string

var eventHubsDataSender = '2b629674-e913-4c01-ae53-ef4638d8f975'

resource namespace 'Microsoft.EventHub/namespaces@2024-01-01' existing = {
  name: namespaceName
}

resource hub 'Microsoft.EventHub/namespaces/eventhubs@2024-01-01' existing = {
  parent: namespace
  name: hubName
}

resource group 'Microsoft.Insights/actionGroups@2024-10-01-preview' = {
  name: name
  location: 'global'
  tags: tags
  identity: {
    type: 'SystemAssigned'
  }
  properties: {
    groupShortName: 'sluice'
    enabled: true
    eventHubReceivers: [
      {
        name: 'inbound'
        eventHubNameSpace: namespaceName
        eventHubName: hubName
        subscriptionId: subscription().subscriptionId
        tenantId: tenant().tenantId
        useCommonAlertSchema: true
        managedIdentity: 'SystemAssigned'
      }
    ]
  }
}

resource maySend 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: hub
  name: guid(hub.id, group.id, eventHubsDataSender)
  properties: {
    principalId: group.identity.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', eventHubsDataSender)
  }
}

output id string = group.id
