using System.Text;
using KnapsackCloud.Core.Rollout;
using KnapsackCloud.Model.Tokenizers.Templates;

namespace KnapsackCloud.Model.Tests.Tokenizers.Templates;

public class ChatTemplateTests
{
    private static readonly ChatMessage[] Messages =
        [new("system", "Be brief."), new("user", " 2+2? "), new("assistant", "4"), new("user", "why")];

    /// <summary>In the manner of Qwen's: a namespace, messages backwards, what was thought cut away.</summary>
    private const string Thinking = """
        {%- if messages[0].role == 'system' %}
            {{- '<|start|>system\n' + messages[0].content + '<|end|>\n' }}
        {%- endif %}
        {%- set ns = namespace(searching=true, last=messages|length - 1) %}
        {%- for message in messages[::-1] %}
            {%- set index = (messages|length - 1) - loop.index0 %}
            {%- if ns.searching and message.role == "user" and not(message.content.startswith('<tool>')) %}
                {%- set ns.searching = false %}
                {%- set ns.last = index %}
            {%- endif %}
        {%- endfor %}
        {%- for message in messages %}
            {%- if (message.role == "user") or (message.role == "system" and not loop.first) %}
                {{- '<|start|>' + message.role + '\n' + message.content + '<|end|>' + '\n' }}
            {%- elif message.role == "assistant" %}
                {%- set content = message.content %}
                {%- if '</think>' in message.content %}
                    {%- set content = message.content.split('</think>')[-1].lstrip('\n') %}
                {%- endif %}
                {{- '<|start|>assistant\n' + (content if loop.index0 <= ns.last else message.content) + '<|end|>\n' }}
            {%- endif %}
        {%- endfor %}
        {%- if add_generation_prompt %}
            {{- '<|start|>assistant\n' }}
            {%- if enable_thinking is defined and enable_thinking is false %}
                {{- '<think>\n\n</think>\n\n' }}
            {%- endif %}
        {%- endif %}

        """;

    [Fact]
    public void A_conversation_is_written_as_the_template_says()
    {
        var template = Parse(Thinking);
        ChatMessage[] messages = [new("system", "S"), new("user", "a"), new("assistant", "<think>\nhm\n</think>\n\nb"), new("user", "c")];
        Assert.Equal("<|start|>system\nS<|end|>\n<|start|>user\na<|end|>\n<|start|>assistant\nb<|end|>\n<|start|>user\nc<|end|>\n<|start|>assistant\n", template.Render(messages));
        Assert.EndsWith("c<|end|>\n", template.Render(messages, addGenerationPrompt: false), StringComparison.Ordinal);
        Assert.EndsWith("<think>\n\n</think>\n\n", template.Render(messages, variables: new Dictionary<string, bool> { ["enable_thinking"] = false }), StringComparison.Ordinal);
    }

    /// <summary>Expected texts are those of Jinja 3.1 with the settings of transformers.</summary>
    [Theory]
    [InlineData("{{ bos_token }}{% for message in messages %}\n    {% if loop.first %}\nF{{ loop.index0 }}\n    {% endif %}\n{{ message['role'] }}: {{ message.content | trim }}\n{% endfor %}\nend\n", "<s>F0\nsystem: Be brief.\nuser: 2+2?\nassistant: 4\nuser: why\nend")]
    [InlineData("{%- for m in messages -%}  {{ m.role ~ loop.index ~ loop.last }} {%- endfor -%}  x", "system1Falseuser2Falseassistant3Falseuser4Truex")]
    [InlineData("{% set x = 1 %}{% for m in messages %}{% set x = x + 1 %}{{ x }}{% endfor %}{{ x }}", "22221")]
    [InlineData("{% set ns = namespace(n=0) %}{% for m in messages %}{% set ns.n = ns.n + m.content|length %}{% endfor %}{{ ns.n }}", "19")]
    [InlineData("{{ messages[::-1] | length }}{{ messages[-1].content }}{{ messages[0]['content'][1:] }}{{ 'abcdef'[4:1:-2] }}{{ 'abc'[-2:] }}{{ 'abc'[:-5] }}", "4whye brief.ecbc")]
    [InlineData("{{ messages[1:3] | tojson }}", "[{\"role\": \"user\", \"content\": \" 2+2? \"}, {\"role\": \"assistant\", \"content\": \"4\"}]")]
    [InlineData("{{ messages[0] | tojson(indent=4) }}{{ {'a': [1, 2.5, none, true], 'b': {}} | tojson }}{{ [] | tojson(indent=2) }}", "{\n    \"role\": \"system\",\n    \"content\": \"Be brief.\"\n}{\"a\": [1, 2.5, null, true], \"b\": {}}[]")]
    [InlineData("{{ 1 + 2 * 3 - 4 // 3 % 2 }} {{ 7 / 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 2 * 1.5 }} {{ 1 == 1.0 }} {{ true + 1 }}", "6 3.5 -4 2 3.0 True 2")]
    [InlineData("{{ 'a' if messages|length > 2 else 'b' }}{{ 'x' if false }}{{ (not messages) or 'z' }}{{ messages and 'w' }}", "azw")]
    [InlineData("{{ nothing }}{{ nothing is defined }}{{ nothing is not defined }}{{ nothing | default('d') }}{{ none | default('d') }}{{ '' | default('d', true) }}{{ none.x }}", "FalseTruedNoned")]
    [InlineData("{{ 'content' in messages[0] }}{{ 'hi' in messages[0].content }}{{ 3 not in [1,2] }}{{ 1 in [1,2] and not 2 in [1] }}", "TrueFalseTrueTrue")]
    [InlineData("{{ messages[0].content is string }}{{ messages[0] is mapping }}{{ messages is iterable }}{{ messages[9] is defined }}{{ not 1 is string }}", "TrueTrueTrueFalseTrue")]
    [InlineData("{{ '  a b '.strip() }}|{{ 'xxaxx'.rstrip('x') }}|{{ 'a,b,c'.split(',')[1] }}|{{ 'a  b'.split()[-1] }}|{{ 'aXbX'.replace('X','--') }}", "a b|xxa|b|b|a--b--")]
    [InlineData("{% for k, v in messages[0].items() %}{{ k }}={{ v }};{% endfor %}{% for k, v in messages[0] | items %}{{ k }}{% endfor %}", "role=system;content=Be brief.;rolecontent")]
    [InlineData("{% for m in messages if m.role == 'user' %}{{ loop.index }}/{{ loop.length }}{{ loop.revindex }}{{ m.content }}{% else %}none{% endfor %}", "1/22 2+2? 2/21why")]
    [InlineData("{% for i in range(3) %}{{ i }}{% if i == 1 %}one{% elif i == 2 %}two{% else %}zero{% endif %}\n  {%- if true %} t {%- endif %}\n{% endfor %}{% for i in [] %}{% else %}empty{% endfor %}", "0zero t1one t2two tempty")]
    [InlineData("{# comment #}\na\n  {# c2 #}\nb {#- c3 -#} c\n", "a\nbc")]
    [InlineData("a\n{%+ if true %}\nb{% endif +%}\nc\n\n", "a\nb\nc\n")]
    [InlineData("  {% if true %}\n  x\n  {% endif %}\n  {{ 1 }}\n\t{% set a = 2 %}\n{{ a }}", "  x\n  1\n2")]
    [InlineData("{{ '\\n\\t\\'q\\\\' }}{{ \"dq\\\"\\u00e9\" }}", "\n\t'q\\dq\"é")]
    [InlineData("{%- if tools %}T{%- else %}N{%- endif %}{{ loop is defined }}{% for a in [1,2] %}{% for b in [1,2] %}{{ loop.index }}{% endfor %}{{ loop.index }}{% endfor %}", "NFalse121122")]
    public void It_is_rendered_as_by_Jinja(string template, string expected) => Assert.Equal(expected, Parse(template).Render(Messages));

    [Theory]
    [InlineData("{{ 1 }}\n{% macro f() %}{% endmacro %}", "line 2: the statement 'macro' is not supported; supported: set, if, for")]
    [InlineData("{{ messages | map('x') }}", "the filter 'map' is not supported; supported: count,")]
    [InlineData("{{ 1 is odd }}", "the test 'odd' is not supported; supported: boolean,")]
    [InlineData("{% if x %}", "no 'endif'")]
    [InlineData("{% for x in y %}{% endif %}", "'endif' stands where 'endfor' must be")]
    [InlineData("{% if a %}{% else %}{% elif b %}{% endif %}", "after 'else'")]
    [InlineData("{% endfor %}", "closes nothing")]
    [InlineData("{{ 'a", "no end")]
    [InlineData("{{ a", "no '}}'")]
    [InlineData("{# a", "no '#}'")]
    [InlineData("{{ a b }}", "'b' is not understood")]
    [InlineData("{{ (1 2) }}", "stands where ')' must be")]
    [InlineData("{{ a ! b }}", "'!' has no meaning")]
    public void What_is_no_template_or_goes_beyond_is_refused_with_its_line(string template, string problem) =>
        Assert.Contains(problem, Assert.Throws<TemplateException>(() => Parse(template)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("{{ raise_exception('no system turn') }}", "no system turn")]
    [InlineData("{{ messages.foo.bar }}", "an undefined value has no 'bar'")]
    [InlineData("{{ 'a' + 1 }}", "'+' is not possible with a text and a number")]
    [InlineData("{{ strftime_now('%Y') }}", "'strftime_now' is no function that templates have here")]
    [InlineData("{{ messages }}", "a list cannot be written as text")]
    [InlineData("{{ 'a'.encode() }}", "no method 'encode'")]
    [InlineData("{{ 1 // 0 }}", "division by 0")]
    [InlineData("{% set messages.x = 1 %}", "no namespace")]
    [InlineData("{% for a in range(9999) %}{% for b in range(9999) %}{{ b }}{% endfor %}{% endfor %}", "goes on beyond")]
    [InlineData("{% set ns = namespace(s='aaaaaaaa') %}{% for a in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}", "more than")]
    [InlineData("{{ range(1000000000) | length }}", "at most")]
    public void What_values_do_not_allow_or_what_would_not_end_is_refused(string template, string problem) =>
        Assert.Contains(problem, Assert.Throws<TemplateException>(() => Parse(template).Render(Messages)).Message, StringComparison.Ordinal);

    [Fact]
    public void Nesting_and_chains_without_end_are_refused_not_a_crash()
    {
        foreach (var template in new[]
                 {
                     $"{{{{ {new string('(', 100_000)} }}}}",
                     $"{{{{ {string.Join('+', Enumerable.Repeat('1', 100_000))} }}}}",
                     $"{{{{ a{string.Concat(Enumerable.Repeat(".a", 100_000))} }}}}",
                     string.Concat(Enumerable.Repeat("{% if 1 %}", 100_000)),
                 })
            Assert.Throws<TemplateException>(() => Parse(template));
    }

    [Fact]
    public void A_damaged_template_is_rendered_or_refused_and_nothing_else()
    {
        var seed = Encoding.UTF8.GetBytes(Thinking);
        var random = new CounterRandom(11);
        var refused = 0;
        for (var i = 0; i < 5_000; i++)
        {
            try
            {
                Parse(Encoding.UTF8.GetString(Mutations.Of(seed, ref random))).Render(Messages);
            }
            catch (TemplateException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 1_000, 4_990);
    }

    private static ChatTemplate Parse(string template) => ChatTemplate.Parse(template, new Dictionary<string, string> { ["bos_token"] = "<s>" });
}
