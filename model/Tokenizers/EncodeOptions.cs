namespace KnapsackCloud.Model.Tokenizers;

/// <summary>What encoding does beyond the text itself.</summary>
[Flags]
public enum EncodeOptions
{
    /// <summary>Text is only text: no spelling in it, such as <c>&lt;|im_end|&gt;</c>, becomes a control token. For text from outside.</summary>
    None = 0,

    /// <summary>Added tokens that the text spells out are recognised, as the reference does. For prompts that a template wrote.</summary>
    AddedTokens = 1,

    /// <summary>The special tokens of the tokenizer's template go around the text, for instance the begin of sequence before it.</summary>
    Template = 2,
}
