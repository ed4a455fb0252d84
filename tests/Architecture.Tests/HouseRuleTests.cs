using System.Text.RegularExpressions;

namespace KnapsackCloud.Architecture.Tests;

public partial class HouseRuleTests
{
    private const int LongestFile = 300;

    [Fact]
    public void Files_hold_one_idea() =>
        Violations.None(Repository.Sources.Select(source => (source, lines: Repository.Read(source).Split('\n').Length - 1)).Where(file => file.lines > LongestFile).Select(file => $"{file.source}: {file.lines} lines"));

    [Fact]
    public void Only_the_command_line_writes_to_the_console() =>
        Violations.None(Repository.Sources.Where(source => Repository.Layer(source) is not ("cli" or "tests")).Where(source => ConsoleCall().IsMatch(Repository.Read(source))));

    [Fact]
    public void Nothing_is_left_for_later() =>
        Violations.None(Repository.Sources.Where(source => source != "tests/Architecture.Tests/HouseRuleTests.cs").Where(source => LeftForLater().IsMatch(Repository.Read(source))));

    [Fact]
    public void Blob_names_are_built_in_one_place() =>
        Violations.None(Repository.Sources.Where(source => Repository.Layer(source) != "tests" && source != "core/Contracts/BlobNames.cs").Where(source => BlobPath().IsMatch(Repository.Read(source))));

    [GeneratedRegex(@"\bConsole\.(Write|Error|Out|Read)")]
    private static partial Regex ConsoleCall();

    [GeneratedRegex(@"\b(TODO|FIXME|HACK)\b|NotImplementedException")]
    private static partial Regex LeftForLater();

    // A brace in a plain string is a route's; in a name it could only be an interpolated one's.
    [GeneratedRegex(@"(?<!\$)""(runs|steps|policies|ledger)/(?!\{)|\$""(runs|steps|policies|ledger)/")]
    private static partial Regex BlobPath();
}
