using KnapsackCloud.Core.Contracts;
using Microsoft.Extensions.Configuration;

namespace KnapsackCloud.Hosting.Tests;

public class OptionsTests
{
    [Fact]
    public void Settings_come_from_the_configuration_by_name()
    {
        var options = Read(
            ("Store", "azure"), ("Storage:AccountName", "runs01"), ("storage:maxRetries", "7"), ("ServiceBus:FullyQualifiedNamespace", "queues.servicebus.windows.net"),
            ("Pump:Lease", "00:02:00"), ("Folder", ""));
        Assert.Equal(StoreKind.Azure, options.Store);
        Assert.Equal(("runs01", 7), (options.Storage!.AccountName, options.Storage.MaxRetries));
        Assert.Equal("queues.servicebus.windows.net", options.ServiceBus!.FullyQualifiedNamespace);
        Assert.Equal(TimeSpan.FromMinutes(2), options.Pump.Lease);
        Assert.Equal(".knapsack", options.Folder);
    }

    [Fact]
    public void Without_settings_the_store_is_the_emulator_at_its_ports_looked_at_often()
    {
        var options = Read();
        Assert.Equal(("UseDevelopmentStorage=true", StoreKind.Local), (options.Storage!.ConnectionString, options.Store));
        Assert.Null(options.ServiceBus);
        Assert.Equal(TimeSpan.FromMilliseconds(100), options.StorageQueue.LongestPause);
        Assert.Equal(TimeSpan.FromSeconds(1), Read(("StorageQueue:LongestPause", "00:00:01")).StorageQueue.LongestPause);
    }

    [Fact]
    public void Every_value_that_cannot_be_read_and_every_unknown_name_is_told_at_once()
    {
        var error = Assert.Throws<InvalidInputException>(() => Read(("Store", "moon"), ("Storage:MaxRetries", "many"), ("Pump:Lease", "soon"), ("Colour", "red"), ("Storage:Acount", "x")));
        Assert.Equal(
            ["Knapsack:Colour", "Knapsack:Pump:Lease", "Knapsack:Storage:Acount", "Knapsack:Storage:MaxRetries", "Knapsack:Store"],
            error.Errors.Select(found => found.Place).Order(StringComparer.Ordinal));
        Assert.Contains(error.Errors, found => found.Problem == "'moon' is not one of embedded, local, azure");
    }

    [Fact]
    public void Every_broken_rule_is_told_at_once()
    {
        var error = Assert.Throws<InvalidInputException>(() => Read(
            ("Store", "azure"), ("Storage:Container", "Runs!"), ("Storage:ConnectionString", "secret"), ("Pump:MaxAttempts", "0"), ("ServiceBus:ConnectionString", "Endpoint=x")));
        Assert.Equal(
            ["Knapsack:Pump:MaxAttempts", "Knapsack:ServiceBus:ConnectionString", "Knapsack:Storage:Container", "Knapsack:Store"],
            error.Errors.Select(found => found.Place).Order(StringComparer.Ordinal));
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
    }

    private static KnapsackOptions Read(params (string Name, string Value)[] settings) =>
        KnapsackOptions.Read(new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create($"Knapsack:{setting.Name}", (string?)setting.Value))).Build());
}
