// The product's data: every container and table, and who may do what with it.
param prefix string
param token string
param location string
param tags object

@description('The identities of this deployment by name, each {id, type}.')
param principals object

@description('Lists of {id, type} of people and systems that are not of this deployment.')
param operators array
param trainers array
param submitters array

param sku string
param evidenceDays int

@description('Days after which what is in them is deleted; see main.bicep.')
param evidenceLifeDays int
param sealLifeDays int
param archiveDays int
param captureDays int
param labelDays int
param letterDays int

module storageRoles 'storage_roles.bicep' = {
  name: 'storage-roles'
  params: {
    prefix: prefix
  }
}

module storage 'product_storage.bicep' = {
  name: 'storage'
  params: {
    name: '${prefix}${token}data'
    location: location
    tags: tags
    sku: sku
    roles: storageRoles.outputs.roles
    containers: [
      {
        name: 'evidence'
        readers: concat([principals.gateway], operators)
        writers: [principals.control, principals.jobs]
        creators: []
        immutableDays: evidenceDays
        lifeDays: evidenceLifeDays
      }
      {
        // Bodies of dead letters: they may hold anybody's data, so they are never immutable.
        name: 'letters'
        readers: operators
        writers: [principals.control]
        creators: []
        immutableDays: 0
        lifeDays: letterDays
      }
      {
        name: 'models'
        readers: concat([principals.scoring, principals.jobs], operators)
        writers: [principals.control]
        creators: []
        immutableDays: 0
        lifeDays: 0
      }
      {
        name: 'serving'
        readers: concat([principals.scoring], operators)
        writers: [principals.control]
        creators: []
        immutableDays: 0
        lifeDays: 0
      }
      {
        name: 'captures'
        readers: [principals.jobs]
        writers: [principals.control]
        creators: [principals.scoring]
        immutableDays: 0
        lifeDays: captureDays
      }
      {
        name: 'labels'
        readers: [principals.jobs]
        writers: [principals.control]
        creators: []
        immutableDays: 0
        lifeDays: labelDays
      }
      {
        name: 'azureml'
        readers: [principals.control]
        writers: trainers
        creators: []
        immutableDays: 0
        lifeDays: 0
      }
      {
        name: 'batch-in'
        readers: [principals.control, principals.jobs]
        writers: submitters
        creators: []
        immutableDays: 0
        lifeDays: 0
      }
      {
        name: 'batch-out'
        readers: submitters
        writers: [principals.jobs]
        creators: []
        immutableDays: 0
        lifeDays: 0
      }
      {
        // Seals over the ledger: nobody else may write one, for a minute to come either.
        name: 'seals'
        readers: operators
        writers: [principals.control]
        creators: []
        immutableDays: evidenceDays
        lifeDays: sealLifeDays
      }
      {
        // Decisions that have left the ledger: as unchangeable as its seals are.
        name: 'archive'
        readers: operators
        writers: [principals.control]
        creators: []
        immutableDays: evidenceDays
        lifeDays: archiveDays
      }
      {
        // What Event Grid could not deliver; nothing of ours reads it.
        name: 'undelivered'
        readers: operators
        writers: [principals.delivery]
        creators: []
        immutableDays: 0
        lifeDays: letterDays
      }
    ]
    tables: [
      { name: 'ledger', readers: concat([principals.gateway], operators), writers: [principals.control] }
      { name: 'folds', readers: operators, writers: [principals.control] }
      { name: 'deadlines', readers: [], writers: [principals.control] }
      { name: 'approvals', readers: [principals.gateway], writers: [principals.control] }
      { name: 'pending', readers: operators, writers: [principals.control] }
      { name: 'positions', readers: operators, writers: [principals.control] }
      { name: 'brakes', readers: operators, writers: [principals.control] }
      { name: 'letters', readers: operators, writers: [principals.control] }
      { name: 'policies', readers: operators, writers: [principals.control] }
      { name: 'grown', readers: [], writers: [principals.control] }
    ]
  }
}

output id string = storage.outputs.id
output name string = '${prefix}${token}data'
output blobEndpoint string = storage.outputs.blobEndpoint
