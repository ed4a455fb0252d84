using System.Text.Json.Nodes;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Model.Tokenizers;

namespace KnapsackCloud.Model.Tests.Tokenizers;

public sealed class PromptTests : IDisposable
{
    private const string Template = "{% for m in messages %}{{ m.role[0] + m.content }}<|end|>{% endfor %}{% if add_generation_prompt %}a{% endif %}";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_plain_prompt_gets_the_special_tokens_around_a_text()
    {
        var tokenizer = Load(SmallTokenizers.SentencePiece());
        Assert.Equal(1, tokenizer.EncodePrompt("the", PromptFormat.Plain)[0]);
        Assert.Equal(tokenizer.Encode("the"), tokenizer.EncodePrompt("the", PromptFormat.Plain)[1..]);
    }

    [Fact]
    public void A_conversation_is_written_by_the_template_and_its_special_tokens_are_recognised()
    {
        Config(new JsonObject { ["chat_template"] = Template });
        var tokenizer = Load(SmallTokenizers.ByteLevel());
        Assert.Equal(['u', 259, 264, 'a'], tokenizer.EncodePrompt("hello", new PromptFormat(Chat: true)));
        Assert.Equal(['s', 'x', 264, 'u', 259, 264, 'a'], tokenizer.EncodePrompt("hello", new PromptFormat(Chat: true, System: "x")));
    }

    [Fact]
    public void A_template_of_its_own_file_goes_first_and_of_several_the_default_is_taken()
    {
        Config(new JsonObject { ["chat_template"] = new JsonArray(new JsonObject { ["name"] = "tools", ["template"] = "t" }, new JsonObject { ["name"] = "default", ["template"] = "d" }) });
        Assert.Equal(['d'], Load(SmallTokenizers.ByteLevel()).EncodePrompt("hello", new PromptFormat(Chat: true)));
        File.WriteAllText(_folder["chat_template.jinja"], "f{{ eos_token }}");
        Config(new JsonObject { ["eos_token"] = new JsonObject { ["content"] = "<|end|>" }, ["chat_template"] = "d" });
        Assert.Equal(['f', 264], Load(SmallTokenizers.ByteLevel()).EncodePrompt("hello", new PromptFormat(Chat: true)));
    }

    [Theory]
    [InlineData(null, "no chat template")]
    [InlineData("{% macro %}", "'macro' is not supported")]
    [InlineData("{{ raise_exception('only once') }}", "only once")]
    public void A_conversation_that_cannot_be_written_is_refused_and_plain_prompts_still_work(string? template, string problem)
    {
        if (template is not null) Config(new JsonObject { ["chat_template"] = template });
        var tokenizer = Load(SmallTokenizers.ByteLevel());
        Assert.Contains(problem, Assert.Throws<FormatException>(() => tokenizer.EncodePrompt("hello", new PromptFormat(Chat: true))).Message, StringComparison.Ordinal);
        Assert.Equal([259], tokenizer.EncodePrompt("hello", PromptFormat.Plain));
    }

    [Fact]
    public void A_tokenizer_of_characters_has_no_conversations()
    {
        ITokenizer tokenizer = CharacterTokenizer.Arithmetic;
        Assert.Throws<FormatException>(() => tokenizer.EncodePrompt("1+1=", new PromptFormat(Chat: true)));
        Assert.Equal(tokenizer.Encode("1+1="), tokenizer.EncodePrompt("1+1=", PromptFormat.Plain));
    }

    private void Config(JsonObject config) => File.WriteAllText(_folder["tokenizer_config.json"], config.ToJsonString());

    private ITokenizer Load(JsonObject tokenizer)
    {
        File.WriteAllText(_folder["tokenizer.json"], tokenizer.ToJsonString());
        return TokenizerLoader.Load(_folder.Path);
    }
}
