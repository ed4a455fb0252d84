namespace KnapsackCloud.Model.Tokenizers.Templates;

/// <summary>A chat template that cannot be read, goes beyond what this program does, or refuses the messages itself.</summary>
public sealed class TemplateException(int line, string problem) : Exception($"line {line}: {problem}");
