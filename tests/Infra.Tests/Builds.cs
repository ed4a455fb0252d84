namespace KnapsackCloud.Infra.Tests;

/// <summary>Tests that build, one at a time: two builds of one project at once fail on each other's files.</summary>
[CollectionDefinition(Name)]
public sealed class Builds
{
    public const string Name = "builds";
}
