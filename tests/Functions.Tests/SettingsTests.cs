using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Estimate;
using Microsoft.Extensions.Configuration;

namespace KnapsackCloud.Functions.Tests;

public class SettingsTests
{
    private static FunctionsOptions Read(params (string Key, string Value)[] settings) => FunctionsHost.ReadSettings(Configuration(settings)).Item2;

    private static IConfiguration Configuration((string Key, string Value)[] settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value))).Build();

    [Fact]
    public void Alone_it_listens_on_its_own_port()
    {
        var options = Read();
        Assert.Equal((7071, false), (options.Port, options.UnderFunctionsHost));
    }

    [Fact]
    public void Under_a_functions_host_it_listens_where_that_says()
    {
        var options = Read(("FUNCTIONS_CUSTOMHANDLER_PORT", "34567"), ("Functions:Port", "7072"));
        Assert.Equal((34567, true), (options.Port, options.UnderFunctionsHost));
    }

    [Fact]
    public void Under_a_functions_host_it_cannot_look_only() =>
        Assert.Equal("Functions:LookOnly", Assert.Single(Assert.Throws<InvalidInputException>(() => Read(("FUNCTIONS_CUSTOMHANDLER_PORT", "34567"), ("Functions:LookOnly", "true"))).Errors).Place);

    [Fact]
    public void Every_wrong_setting_is_told_at_once()
    {
        var error = Assert.Throws<InvalidInputException>(() => Read(
            ("FUNCTIONS_CUSTOMHANDLER_PORT", "../x"), ("Functions:Port", "99999"), ("Functions:Colour", "red"), ("Functions:RetryDelay", "soon"), ("Knapsack:Store", "cloud")));
        Assert.Equal(
            ["FUNCTIONS_CUSTOMHANDLER_PORT", "Functions:Colour", "Functions:Port", "Functions:RetryDelay", "Knapsack:Store"],
            error.Errors.Select(one => one.Place).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void GPU_seconds_have_the_price_of_the_machine_that_is_named()
    {
        Assert.Null(Read().Usd(3600));
        Assert.Equal(PriceList.Current.ReplicaPerHour("t4"), Read(("Functions:Gpu", "t4")).Usd(3600));
        Assert.Contains("t4, a100", Assert.Single(Assert.Throws<InvalidInputException>(() => Read(("Functions:Gpu", "abacus"))).Errors).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_of_data_has_to_be_there() =>
        Assert.Equal("Functions:Data", Assert.Single(Assert.Throws<InvalidInputException>(() => Read(("Functions:Data", "/nowhere/at/all"))).Errors).Place);
}
