// One blob container and who may do what with the blobs in it.
param accountName string
param name string

@description('Roles of this deployment: {writer, creator} as role definition ids; see storage_roles.bicep.')
param roles object

@description('Lists of {id, type}. Readers only read; writers read and write, never delete; creators only add.')
param readers array
param writers array
param creators array

@description('Days for which no version of a blob may be changed or deleted; 0 for none.')
param immutableDays int

var storageBlobDataReader = '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: accountName
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2024-01-01' existing = {
  parent: account
  name: 'default'
}

resource container 'Microsoft.Storage/storageAccounts/blobServices/containers@2024-01-01' = {
  parent: blobs
  name: name
  properties: {
    publicAccess: 'None'
    // Protects each version, so a report's pointer may still be replaced: its former version stays.
    immutableStorageWithVersioning: immutableDays > 0 ? { enabled: true } : null
  }
}

// Starts unlocked. Locking cannot be undone, so a person does it; see the README.
resource retention 'Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies@2024-01-01' = if (immutableDays > 0) {
  parent: container
  name: 'default'
  properties: {
    immutabilityPeriodSinceCreationInDays: immutableDays
    allowProtectedAppendWrites: false
  }
}

resource mayRead 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for reader in readers: {
  scope: container
  name: guid(container.id, reader.id, storageBlobDataReader)
  properties: {
    principalId: reader.id
    principalType: reader.type
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataReader)
  }
}]

resource mayWrite 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for writer in writers: {
  scope: container
  name: guid(container.id, writer.id, roles.writer)
  properties: {
    principalId: writer.id
    principalType: writer.type
    roleDefinitionId: roles.writer
  }
}]

resource mayCreate 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for creator in creators: {
  scope: container
  name: guid(container.id, creator.id, roles.creator)
  properties: {
    principalId: creator.id
    principalType: creator.type
    roleDefinitionId: roles.creator
  }
}]
