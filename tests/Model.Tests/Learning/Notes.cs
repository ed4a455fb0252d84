namespace KnapsackCloud.Model.Tests.Learning;

/// <summary>Keeps what was reported, in order.</summary>
internal sealed class Notes : IProgress<string>
{
    public List<string> Lines { get; } = [];

    public void Report(string value) => Lines.Add(value);
}
