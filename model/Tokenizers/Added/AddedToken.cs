namespace KnapsackCloud.Model.Tokenizers.Added;

/// <summary>A token beside the model's vocabulary, found in a text before anything else.</summary>
/// <param name="Content">Its spelling, never empty.</param>
/// <param name="SingleWord">Only where no word character touches it.</param>
/// <param name="LeftStrip">Takes the whitespace before it along.</param>
/// <param name="RightStrip">Takes the whitespace after it along.</param>
/// <param name="Normalized">Looked for in the normalised text, by its normalised spelling.</param>
/// <param name="Special">A control token: left out of decoded text.</param>
internal sealed record AddedToken(int Id, string Content, bool SingleWord, bool LeftStrip, bool RightStrip, bool Normalized, bool Special);

/// <summary>A part of a text: one added token, or text (null) that is not empty.</summary>
internal readonly record struct Segment(Range Range, int? TokenId);
