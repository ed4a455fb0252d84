using System.CommandLine;
using System.Text;
using System.Text.Json;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Rewards;

namespace KnapsackCloud.Cli.Commands;

/// <summary><c>knapsack verify FILE.jsonl</c>: scores each line's <c>prediction</c> against its <c>gold</c>.</summary>
internal static class VerifyCommand
{
    private const int BatchCases = 256;

    public static Command Create()
    {
        var file = new Argument<FileInfo>("FILE.jsonl") { Description = "One JSON object a line, with the strings 'prediction' and 'gold'." };
        var verifier = new Option<string>("--verifier")
        {
            Description = $"{string.Join(", ", Verifiers.Names)}, or a weighted sum such as 'maths + 0.1*format'.",
            DefaultValueFactory = _ => "maths",
        };
        var json = new Option<bool>("--json") { Description = "One JSON document on standard output." };
        var command = new Command("verify", "Scores predictions against gold answers.") { file, verifier, VerifierOption.Folder, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            var name = parsed.GetRequiredValue(verifier);
            var scorer = VerifierOption.ScorersOf(parsed).Create(name);
            if (Verifiers.LookAtLength(name))
                throw new InvalidInputException("--verifier", $"'{name}' looks at lengths in tokens, which a file of predictions does not have: leave '{Verifiers.Cosine}' out.");
            var cases = Read(parsed.GetRequiredValue(file));
            Write(cases, await ScoreAsync(scorer, cases, cancellation).ConfigureAwait(false), parsed.GetValue(json), parsed.InvocationConfiguration.Output);
            return ExitCodes.Done;
        });
        return command;
    }

    /// <summary>On all cores, so many cases at a time.</summary>
    private static async Task<List<Verdict>> ScoreAsync(IScorer scorer, List<VerifyCase> cases, CancellationToken cancellation)
    {
        var batches = cases.Chunk(BatchCases).ToList();
        var verdicts = new IReadOnlyList<Verdict>[batches.Count];
        await Parallel.ForEachAsync(batches.Index(), cancellation, async (batch, token) =>
            verdicts[batch.Index] = await scorer.ScoreAsync([.. batch.Item.Select(one => new Answer($"line {one.Line}", "", one.Gold, one.Prediction))], token).ConfigureAwait(false)).ConfigureAwait(false);
        return [.. verdicts.SelectMany(batch => batch)];
    }

    private static void Write(List<VerifyCase> cases, List<Verdict> verdicts, bool json, TextWriter output)
    {
        if (json) WriteJson(cases, verdicts, output);
        else WriteText(cases, verdicts, output);
    }

    internal static List<VerifyCase> Read(FileInfo file)
    {
        if (!file.Exists)
            throw new InvalidInputException(file.ToString(), "there is no such file.");
        var cases = new List<VerifyCase>();
        var errors = new List<InputError>();
        var number = 0;
        foreach (var line in File.ReadLines(file.FullName))
        {
            number++;
            if (string.IsNullOrWhiteSpace(line))
                continue;
            var place = $"{file}:{number}";
            try
            {
                using var document = JsonDocument.Parse(line);
                var prediction = Member(document.RootElement, "prediction", place, errors);
                var gold = Member(document.RootElement, "gold", place, errors);
                if (prediction is not null && gold is not null)
                    cases.Add(new VerifyCase(number, gold, prediction));
            }
            // The second: half of a surrogate pair is no text.
            catch (Exception problem) when (problem is JsonException or InvalidOperationException)
            {
                errors.Add(new InputError(place, $"is not JSON ({problem.Message}); each line must be one object."));
            }
        }
        return errors.Count == 0 ? cases : throw new InvalidInputException(errors);
    }

    private static string? Member(JsonElement row, string name, string place, List<InputError> errors)
    {
        if (row.ValueKind != JsonValueKind.Object)
        {
            if (name == "prediction")
                errors.Add(new InputError(place, "is not an object; each line must be one with 'prediction' and 'gold'."));
            return null;
        }
        if (!row.TryGetProperty(name, out var value))
        {
            errors.Add(new InputError(place, $"has no '{name}'; add it as a string."));
            return null;
        }
        if (value.ValueKind is JsonValueKind.String or JsonValueKind.Number)
            return value.ToString();
        errors.Add(new InputError(place, $"'{name}' is neither a string nor a number."));
        return null;
    }

    private static int Correct(List<Verdict> verdicts) => verdicts.Count(verdict => verdict.Reward >= 1);

    private static int Errors(List<Verdict> verdicts) => verdicts.Count(verdict => verdict.Status != VerdictStatus.Ok);

    private static void WriteText(List<VerifyCase> cases, List<Verdict> verdicts, TextWriter output)
    {
        foreach (var (@case, verdict) in cases.Zip(verdicts))
        {
            var reward = verdict.Reward is { } value ? FormattableString.Invariant($"{value:0.###}") : StatusName(verdict.Status);
            output.WriteLine($"{@case.Line,6}  {reward,-6}  {verdict.Reason.ReplaceLineEndings(" ")}");
        }
        output.WriteLine($"{Correct(verdicts)} of {verdicts.Count} correct, {Errors(verdicts)} without a verdict.");
    }

    private static void WriteJson(List<VerifyCase> cases, List<Verdict> verdicts, TextWriter output)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteNumber("total", verdicts.Count);
            writer.WriteNumber("correct", Correct(verdicts));
            writer.WriteNumber("errors", Errors(verdicts));
            writer.WriteStartArray("results");
            foreach (var (@case, verdict) in cases.Zip(verdicts))
                WriteResult(writer, @case, verdict);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }
        output.WriteLine(Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length));
    }

    private static void WriteResult(Utf8JsonWriter writer, VerifyCase @case, Verdict verdict)
    {
        writer.WriteStartObject();
        writer.WriteNumber("line", @case.Line);
        if (verdict.Reward is { } reward)
            writer.WriteNumber("reward", reward);
        else
            writer.WriteNull("reward");
        writer.WriteString("status", StatusName(verdict.Status));
        writer.WriteString("reason", verdict.Reason);
        writer.WriteEndObject();
    }

    private static string StatusName(VerdictStatus status) => status switch
    {
        VerdictStatus.Ok => "ok",
        VerdictStatus.UnparsableGold => "unparsable_gold",
        _ => "error",
    };
}

/// <summary>One line of the file.</summary>
internal sealed record VerifyCase(int Line, string Gold, string Prediction);
