using System.ComponentModel.DataAnnotations;
using KnapsackCloud.Adapters.ServiceBus;

namespace KnapsackCloud.Adapters.Tests.ServiceBus;

public class OptionsTests
{
    [Theory]
    [InlineData("Endpoint=sb://a.servicebus.windows.net/;SharedAccessKeyName=n;SharedAccessKey=k==", "a.servicebus.windows.net", 5671, true)]
    [InlineData("endpoint=sb://localhost;SharedAccessKeyName=n;SharedAccessKey=k;UseDevelopmentEmulator=true;", "localhost", 5672, false)]
    [InlineData("Endpoint=sb://localhost:6000;SharedAccessKeyName=n;SharedAccessKey=k;UseDevelopmentEmulator=true", "localhost", 6000, false)]
    public void A_connection_string_says_where_and_how_to_connect(string text, string host, int port, bool tls)
    {
        Assert.True(BusConnectionString.TryParse(text, out var parsed, out _));
        Assert.Equal(new BusEndpoint(host, port, tls), parsed.Endpoint);
        Assert.StartsWith("k", parsed.Key, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "needs Endpoint=")]
    [InlineData("Endpoint=nonsense;SharedAccessKeyName=n;SharedAccessKey=secret", "needs Endpoint=")]
    [InlineData("Endpoint=sb://a.servicebus.windows.net/;SharedAccessKey=secret", "needs SharedAccessKeyName")]
    public void A_text_that_is_no_connection_string_is_refused_without_showing_its_key(string text, string problem)
    {
        Assert.False(BusConnectionString.TryParse(text, out _, out var found));
        Assert.Contains(problem, found);
        Assert.DoesNotContain("secret", found);
    }

    [Fact]
    public void Every_wrong_option_is_named_at_once()
    {
        var options = new ServiceBusOptions { FullyQualifiedNamespace = "no host", MaxRetries = 0, BreakDuration = TimeSpan.Zero };
        var found = new List<ValidationResult>();
        Validator.TryValidateObject(options, new ValidationContext(options), found, validateAllProperties: true);
        Assert.Equal(["BreakDuration", "FullyQualifiedNamespace", "MaxRetries"], found.SelectMany(error => error.MemberNames).Order());
    }

    [Fact]
    public void Exactly_one_way_in_is_wanted()
    {
        var options = new ServiceBusOptions();
        Assert.Contains("either ConnectionString", Assert.Single(options.Validate(new ValidationContext(options))).ErrorMessage);
    }
}
