// What control may do in the Azure ML workspaces: read, run jobs and register models. It shifts no endpoint's traffic,
// since the serving manifest does that, and it changes neither computes, datastores nor the workspaces themselves.
targetScope = 'resourceGroup'

param prefix string

@description('Names of the workspaces in this resource group.')
param workspaces array

@description('{id, type} of control.')
param control object

resource role 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(resourceGroup().id, prefix, 'control')
  properties: {
    roleName: '${prefix} control (${uniqueString(resourceGroup().id)})'
    description: 'Runs jobs and registers models for Sluice.'
    type: 'CustomRole'
    assignableScopes: [resourceGroup().id]
    permissions: [
      {
        actions: [
          'Microsoft.MachineLearningServices/workspaces/read'
          'Microsoft.MachineLearningServices/workspaces/*/read'
          'Microsoft.MachineLearningServices/workspaces/jobs/write'
          'Microsoft.MachineLearningServices/workspaces/jobs/cancel/action'
          'Microsoft.MachineLearningServices/workspaces/models/versions/write'
          // Azure asks for these of whoever submits a job, also when its environment is registered and built.
          'Microsoft.MachineLearningServices/workspaces/environments/build/action'
          'Microsoft.MachineLearningServices/workspaces/environments/readSecrets/action'
          'Microsoft.MachineLearningServices/workspaces/metadata/artifacts/write'
        ]
        notActions: []
        dataActions: []
        notDataActions: []
      }
    ]
  }
}

resource workspace 'Microsoft.MachineLearningServices/workspaces@2025-09-01' existing = [for name in workspaces: {
  name: name
}]

resource mayUse 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for (name, index) in workspaces: {
  scope: workspace[index]
  name: guid(resourceId('Microsoft.MachineLearningServices/workspaces', name), control.id, role.id)
  properties: {
    principalId: control.id
    principalType: control.type
    roleDefinitionId: role.id
  }
}]
