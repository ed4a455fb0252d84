namespace KnapsackCloud.Model.Tests;

/// <summary>Tests that count or collect what the whole process has: none runs beside another.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
