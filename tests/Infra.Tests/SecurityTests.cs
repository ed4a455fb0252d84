namespace KnapsackCloud.Infra.Tests;

/// <summary>What holds for every deployment, whatever its options.</summary>
public class SecurityTests
{
    private const string Account = "Microsoft.Storage/storageAccounts";
    private const string Namespace = "Microsoft.ServiceBus/namespaces";
    private const string Site = "Microsoft.Web/sites";

    /// <summary>Parts of other resources, and what is attached to them: they have no tags of their own.</summary>
    private static readonly string[] Untagged =
    [
        "Microsoft.Authorization/locks", "Microsoft.Authorization/roleAssignments", "Microsoft.Consumption/budgets", "Microsoft.Insights/diagnosticSettings",
        "Microsoft.Network/privateEndpoints/privateDnsZoneGroups", "Microsoft.ServiceBus/namespaces/queues", "Microsoft.Storage/storageAccounts/blobServices",
        "Microsoft.Storage/storageAccounts/blobServices/containers", "Microsoft.Storage/storageAccounts/managementPolicies", "Microsoft.Web/sites/basicPublishingCredentialsPolicies", "Microsoft.Web/sites/config",
    ];

    public static TheoryData<string> All => new("main", "everything");

    private static Deployment Of(string parameters) => parameters == "main" ? Deployment.Default : Deployment.Everything;

    [Theory, MemberData(nameof(All))]
    public void Nothing_takes_a_key(string parameters)
    {
        var deployment = Of(parameters);
        Assert.All(deployment.OfType(Account), account => Assert.Equal("false", account.Text("properties.allowSharedKeyAccess")));
        Assert.All(deployment.OfType(Namespace), bus => Assert.Equal("true", bus.Text("properties.disableLocalAuth")));
        Assert.All(deployment.OfType("Microsoft.ContainerRegistry/registries"), registry => Assert.Equal(("false", "false"), (registry.Text("properties.adminUserEnabled"), registry.Text("properties.anonymousPullEnabled"))));
        Assert.All(deployment.OfType("Microsoft.Insights/components"), insights => Assert.Equal("true", insights.Text("properties.DisableLocalAuth")));
        Assert.All(deployment.OfType("Microsoft.OperationalInsights/workspaces"), workspace => Assert.Equal("true", workspace.Text("properties.features.disableLocalAuth")));
        Assert.All(deployment.OfType("Microsoft.App/managedEnvironments"), environment => Assert.Equal("azure-monitor", environment.Text("properties.appLogsConfiguration.destination")));
        Assert.Equal(["ftp:false", "scm:false"], deployment.OfType($"{Site}/basicPublishingCredentialsPolicies").Select(policy => $"{policy.Name.Split('/')[^1]}:{policy.Text("properties.allow")}").Order());
    }

    [Theory, MemberData(nameof(All))]
    public void Everything_is_encrypted_on_its_way(string parameters)
    {
        var deployment = Of(parameters);
        Assert.All(deployment.OfType(Account), account => Assert.Equal(("TLS1_2", "true"), (account.Text("properties.minimumTlsVersion"), account.Text("properties.supportsHttpsTrafficOnly"))));
        Assert.All(deployment.OfType(Namespace), bus => Assert.Equal("1.2", bus.Text("properties.minimumTlsVersion")));
        Assert.All(deployment.OfType(Site), site => Assert.Equal(
            ("1.2", "1.2", "Disabled", "true"),
            (site.Text("properties.siteConfig.minTlsVersion"), site.Text("properties.siteConfig.scmMinTlsVersion"), site.Text("properties.siteConfig.ftpsState"), site.Text("properties.httpsOnly"))));
    }

    [Theory, MemberData(nameof(All))]
    public void Blobs_are_private_and_what_was_deleted_comes_back_for_a_week(string parameters)
    {
        var deployment = Of(parameters);
        Assert.All(deployment.OfType(Account), account => Assert.Equal("false", account.Text("properties.allowBlobPublicAccess")));
        Assert.All(deployment.OfType($"{Account}/blobServices/containers"), container => Assert.Equal("None", container.Text("properties.publicAccess")));
        Assert.Equal(2, deployment.OfType($"{Account}/blobServices").Count());
        Assert.All(deployment.OfType($"{Account}/blobServices"), blobs => Assert.Equal(("7", "7"), (blobs.Text("properties.deleteRetentionPolicy.days"), blobs.Text("properties.containerDeleteRetentionPolicy.days"))));
    }

    [Theory, MemberData(nameof(All))]
    public void Everything_that_can_have_tags_has_those_of_its_deployment(string parameters)
    {
        foreach (var resource in Of(parameters).Resources)
        {
            if (Untagged.Contains(resource.Type)) Assert.False(resource.HasTags);
            else Assert.Equal((resource.Id, parameters == "main" ? "knapsack" : parameters, "knapsack"), (resource.Id, resource.Tag("azd-env-name"), resource.Tag("application")));
        }
    }

    [Fact]
    public void Tags_of_the_user_are_on_everything_too() =>
        Assert.All(Deployment.Everything.Resources.Where(resource => resource.HasTags), resource => Assert.Equal("someone", resource.Tag("owner")));

    [Theory, MemberData(nameof(All))]
    public void Code_in_a_container_has_its_own_identity_and_no_other(string parameters)
    {
        foreach (var service in new[] { "gpu-worker", "learner" })
        {
            var host = Of(parameters).Host(service);
            var lifecycles = host["properties.configuration.identitySettings"]!.AsArray().ToDictionary(one => one!["identity"]!.GetValue<string>().Split('-')[^1], one => one!["lifecycle"]!.GetValue<string>());
            Assert.Equal(new Dictionary<string, string> { [service.Split('-')[^1]] = "Main", ["pull"] = "None", ["scaler"] = "None" }, lifecycles);
            Assert.Equal(lifecycles.Keys.Order(), host["identity.userAssignedIdentities"]!.AsObject().Select(identity => identity.Key.Split('-')[^1]).Order());
        }
    }

    [Fact]
    public void A_private_network_leaves_store_and_queues_no_public_door()
    {
        var deployment = Deployment.Everything;
        Assert.All(deployment.OfType(Account), account => Assert.Equal(("Disabled", "Deny"), (account.Text("properties.publicNetworkAccess"), account.Text("properties.networkAcls.defaultAction"))));
        Assert.All(deployment.OfType(Namespace), bus => Assert.Equal(("Disabled", "Premium"), (bus.Text("properties.publicNetworkAccess"), bus.Text("sku.name"))));
        var doors = deployment.OfType("Microsoft.Network/privateEndpoints").Select(door => door["properties.privateLinkServiceConnections"]![0]!["properties"]!).ToList();
        var targets = doors.Select(door => $"{door["privateLinkServiceId"]!.ToString().Split('/')[^1]}/{door["groupIds"]![0]}").Order();
        var runs = deployment.Named(Account, deployment.Settings("functions")["Knapsack__Storage__AccountName"]).Name;
        var host = deployment.OfType(Account).Single(account => account.Name != runs).Name;
        Assert.Equal(new[] { $"{runs}/blob", $"{host}/blob", $"{host}/table", $"{deployment.OfType(Namespace).Single().Name}/namespace" }.Order(), targets);
        Assert.EndsWith("/subnets/containers", deployment.OfType("Microsoft.App/managedEnvironments").Single().Text("properties.vnetConfiguration.infrastructureSubnetId"), StringComparison.Ordinal);
        Assert.EndsWith("/subnets/functions", deployment.Host("functions").Text("properties.virtualNetworkSubnetId"), StringComparison.Ordinal);
    }

    [Fact]
    public void With_an_app_registration_the_API_takes_its_tokens_only()
    {
        Assert.Empty(Deployment.Default.OfType($"{Site}/config"));
        var login = Deployment.Everything.OfType($"{Site}/config").Single();
        Assert.Equal(("true", "Return401"), (login.Text("properties.globalValidation.requireAuthentication"), login.Text("properties.globalValidation.unauthenticatedClientAction")));
        Assert.Equal(["/api/health"], login["properties.globalValidation.excludedPaths"]!.AsArray().Select(path => path!.ToString()));
        Assert.Contains("00000000-0000-0000-0000-000000000004", login.Text("properties.identityProviders.azureActiveDirectory.validation.allowedAudiences"), StringComparison.Ordinal);
    }
}
