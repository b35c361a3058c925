// Copy to main.bicepparam and fill in. Nothing here is secret: keys go from deploy.sh to Key Vault.
using 'main.bicep'

param prefix = 'sluice'

// The resource group and the three workspaces, which exist already.
param mlResourceGroup = 'machine-learning'
param workspaces = [
  { name: 'mlw-development', stages: ['development'], location: 'westeurope', project: 'flights' }
  { name: 'mlw-staging', stages: ['staging'], location: 'westeurope', project: 'flights' }
  { name: 'mlw-production', stages: ['production'], location: 'westeurope', project: 'flights' }
]

// Printed by: python -m infra.azure.approval_key approval.key
param approvalPublicKey = '<public key>'

// Printed by: python -m infra.azure.approval_key operators.key; operators set OPERATOR_SIGNING_KEY to the file's content.
param operatorPublicKey = '<public key>'

// App registration of the gateway, and which Entra group has which persona.
param signInClientId = '00000000-0000-0000-0000-000000000000'
param personaGroups = {
  '00000000-0000-0000-0000-000000000001': 'data-scientist'
  '00000000-0000-0000-0000-000000000002': 'project-lead'
}

// Object ids of who runs the command line and of what sends labels; type is Group, User or ServicePrincipal.
param operators = [
  { id: '00000000-0000-0000-0000-000000000003', type: 'Group' }
]

// Object id of whoever runs deploy.sh, who puts the signing key into the vault.
param keyOfficers = [
  { id: '00000000-0000-0000-0000-000000000004', type: 'User' }
]
// Who hears of it when control's clock stands still, and control can tell nobody.
param watchers = ['nobody@example.com']

param truth = []
param trainers = []
param submitters = []

// The container behind each Azure ML datastore that models are registered in.
param modelDatastores = {
  workspaceblobstore: 'https://ACCOUNT.blob.core.windows.net/azureml-blobstore-GUID'
}
