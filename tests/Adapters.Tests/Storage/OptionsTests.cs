using System.ComponentModel.DataAnnotations;
using KnapsackCloud.Adapters.Storage;

namespace KnapsackCloud.Adapters.Tests.Storage;

public class OptionsTests
{
    [Fact]
    public void Every_wrong_option_is_named_at_once()
    {
        var options = new StorageOptions { AccountName = "Not An Account", Container = "a--b", MaxRetries = -1, BlockBytes = 1 };
        Assert.Equal(["AccountName", "BlockBytes", "Container", "MaxRetries"], Problems(options).SelectMany(problem => problem.MemberNames).Order());
    }

    [Fact]
    public void Exactly_one_way_in_is_wanted()
    {
        Assert.Contains("either ConnectionString", Assert.Single(Problems(new StorageOptions())).ErrorMessage);
        Assert.Contains("not both", Assert.Single(Problems(new StorageOptions { ConnectionString = "UseDevelopmentStorage=true", AccountName = "account" })).ErrorMessage);
        Assert.Empty(Problems(new StorageOptions { AccountName = "account" }));
        Assert.Empty(Problems(new StorageOptions { ConnectionString = "UseDevelopmentStorage=true" }));
    }

    private static List<ValidationResult> Problems(StorageOptions options)
    {
        var found = new List<ValidationResult>();
        Validator.TryValidateObject(options, new ValidationContext(options), found, validateAllProperties: true);
        return found;
    }
}
