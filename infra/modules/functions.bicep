// The control plane: a Functions app on Flex Consumption whose custom handler is our program.

import { tagMap, settingMap } from 'types.bicep'

param location string
param tags tagMap
param name string
param planName string

@description('Name of the service in azure.yaml.')
param service string
param identityName string
param packageContainerUrl string

@description('Settings of the program, of the Functions host and of its triggers; the client id of the identity is added here.')
param settings settingMap

@description('Settings whose value is the client id of the identity.')
param clientIdSettings string[]

@description('Subnet of the app; empty for the platform\'s own network.')
param subnetId string
param zoneRedundant bool

@minValue(0)
@description('Instances that stay up for the API and for each stage of a step; 0 for none.')
param alwaysReady int

@description('Client id of an Entra app registration: callers of the API need a token for it. Empty for function keys alone.')
param apiClientId string

// Each trigger has instances of its own; these are on the way of every step.
var kept = ['http', 'function:Plan', 'function:Collect', 'function:Publish']

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' existing = {
  name: identityName
}

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { tier: 'FlexConsumption', name: 'FC1' }
  properties: {
    reserved: true
    zoneRedundant: zoneRedundant
  }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': service })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identity.id}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    virtualNetworkSubnetId: subnetId == '' ? null : subnetId
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      ftpsState: 'Disabled'
      appSettings: concat(
        map(items(settings), setting => { name: setting.key, value: setting.value }),
        map(clientIdSettings, setting => { name: setting, value: identity.properties.clientId }),
        [
          {
            name: 'APPLICATIONINSIGHTS_AUTHENTICATION_STRING'
            value: 'ClientId=${identity.properties.clientId};Authorization=AAD'
          }
        ]
      )
    }
    functionAppConfig: {
      runtime: { name: 'custom', version: '1.0' }
      scaleAndConcurrency: {
        // The least there is. The queues between the hosts need one or two.
        maximumInstanceCount: 40
        instanceMemoryMB: 2048
        alwaysReady: alwaysReady == 0 ? [] : map(kept, name => { name: name, instanceCount: alwaysReady })
      }
      deployment: {
        storage: {
          type: 'blobContainer'
          value: packageContainerUrl
          authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: identity.id }
        }
      }
    }
  }

  resource ftp 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }

  resource scm 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }

  resource login 'config' = if (apiClientId != '') {
    name: 'authsettingsV2'
    properties: {
      globalValidation: {
        requireAuthentication: true
        unauthenticatedClientAction: 'Return401'
        excludedPaths: ['/api/health']
      }
      identityProviders: {
        azureActiveDirectory: {
          enabled: true
          registration: {
            clientId: apiClientId
            openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
          }
          validation: { allowedAudiences: [apiClientId, 'api://${apiClientId}'] }
        }
      }
      login: { tokenStore: { enabled: false } }
    }
  }
}

output url string = 'https://${app.properties.defaultHostName}'
