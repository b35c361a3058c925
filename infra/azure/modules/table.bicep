// One table and who may read or write its rows.
param accountName string
param name string

@description('Lists of {id, type}.')
param readers array
param writers array

var storageTableDataReader = '76199698-9eea-4c19-bc75-cec21354c6b6'
var storageTableDataContributor = '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: accountName
}

resource tables 'Microsoft.Storage/storageAccounts/tableServices@2024-01-01' existing = {
  parent: account
  name: 'default'
}

resource table 'Microsoft.Storage/storageAccounts/tableServices/tables@2024-01-01' = {
  parent: tables
  name: name
}

resource mayRead 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for reader in readers: {
  scope: table
  name: guid(table.id, reader.id, storageTableDataReader)
  properties: {
    principalId: reader.id
    principalType: reader.type
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageTableDataReader)
  }
}]

resource mayWrite 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for writer in writers: {
  scope: table
  name: guid(table.id, writer.id, storageTableDataContributor)
  properties: {
    principalId: writer.id
    principalType: writer.type
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageTableDataContributor)
  }
}]
