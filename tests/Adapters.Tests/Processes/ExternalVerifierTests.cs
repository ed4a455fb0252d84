using KnapsackCloud.Adapters.Processes;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Rewards;
using Microsoft.Extensions.Time.Testing;

namespace KnapsackCloud.Adapters.Tests.Processes;

/// <summary>Programs that score answers, here scripts of the shell.</summary>
public sealed class ExternalVerifierTests : IDisposable
{
    private static readonly VerifierLimits Limits = VerifierLimits.Default;
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();
    private readonly FakeTimeProvider _time = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Every_answer_gets_the_verdict_of_the_program_in_order()
    {
        var verdicts = await ScoreAsync("""while read -r line; do case "$line" in *right*) echo '{"reward":1,"reason":"so it is"}';; *) echo '{"reward":0}';; esac; done""", "right", "wrong", "right");

        Assert.Equal([1.0, 0.0, 1.0], verdicts.Select(verdict => verdict.Reward));
        Assert.Equal(("so it is", new RewardPart("external:judge", 1)), (verdicts[0].Reason, Assert.Single(verdicts[0].Parts)));
    }

    [Fact]
    public async Task The_program_is_told_task_prompt_gold_and_completion_on_one_line()
    {
        var verdict = Assert.Single(await ScoreAsync("""read -r line; printf '%s' "$line" > seen; echo '{"reward":1}'""", "two\nlines"));

        Assert.Equal(1, verdict.Reward);
        Assert.Equal("""{"task":"t1","prompt":"p","gold":"g","completion":"two\nlines"}""", await File.ReadAllTextAsync(Path.Combine(_folder.FullName, "seen"), Stop));
    }

    [Theory]
    [InlineData("""echo '{"error":"no idea"}'""", "no idea")]
    [InlineData("echo 'segmentation fault' >&2; exit 139", "ended without a verdict")]
    [InlineData("echo 1", "no verdict")]
    [InlineData("echo '{}'", "neither 'reward' nor 'error'")]
    [InlineData("head -c 70000 /dev/zero | tr '\\0' x", "more than 65536 characters")]
    public async Task Whatever_else_it_does_is_an_error_and_never_a_zero(string then, string reason)
    {
        var verdict = Assert.Single(await ScoreAsync($"read -r line; {then}", "answer"));

        Assert.Equal((null, VerdictStatus.Error), (verdict.Reward, verdict.Status));
        Assert.Contains(reason, verdict.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_that_kills_the_program_costs_itself_only()
    {
        var verdicts = await ScoreAsync("""while read -r line; do case "$line" in *bad*) exit 1;; *) echo '{"reward":1}';; esac; done""", "good", "bad", "good", "bad", "good");

        Assert.Equal([1.0, null, 1.0, null, 1.0], verdicts.Select(verdict => verdict.Reward));
    }

    [Fact]
    public async Task A_program_that_always_fails_is_given_up()
    {
        var verdicts = await ScoreAsync("echo started >> starts; exit 1", [.. Enumerable.Repeat("answer", 20)]);

        Assert.All(verdicts, verdict => Assert.Equal(VerdictStatus.Error, verdict.Status));
        Assert.Equal(3, (await File.ReadAllLinesAsync(Path.Combine(_folder.FullName, "starts"), Stop)).Length);
    }

    /// <summary>What it started dies with it, also where the program is no longer its parent.</summary>
    [Fact]
    public async Task One_that_takes_too_long_is_ended_with_all_that_it_started()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "process groups are ended on Linux only");
        var scoring = ScoreAsync("""
            mkfifo held
            ( sh -c 'exec 3<>held; echo $$ > child; read -r nothing <&3' & )
            read -r line
            while :; do :; done
            """, "answer");
        var child = await ChildAsync(scoring);
        while (!scoring.IsCompleted)
        {
            _time.Advance(Limits.Time);
            await Task.Yield();
        }

        var verdict = Assert.Single(await scoring);
        Assert.Contains("took more than 10 s", verdict.Reason, StringComparison.Ordinal);
        for (var look = 0; look < 1_000_000 && IsAlive(child); look++) await Task.Yield();
        Assert.False(IsAlive(child));
    }

    [Fact]
    public async Task It_sees_no_secrets_of_the_environment_and_is_held_to_its_memory()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "memory is limited on Linux only");
        Environment.SetEnvironmentVariable("Knapsack__Storage__ConnectionString", "AccountKey=secret");
        try
        {
            var verdict = Assert.Single(await ScoreAsync("""read -r line; printf '{"reward":1,"reason":"%s %s"}\n' "$Knapsack__Storage__ConnectionString" "$(ulimit -v)" """, "answer"));
            Assert.Equal($" {Limits.MemoryBytes >> 10}", verdict.Reason);
        }
        finally
        {
            Environment.SetEnvironmentVariable("Knapsack__Storage__ConnectionString", null);
        }
    }

    [Fact]
    public void A_program_that_is_not_there_or_is_a_path_is_refused()
    {
        Assert.Contains("there is no program", Refusal("external:judge"), StringComparison.Ordinal);
        Assert.Contains("no name of a program", Refusal("external:../judge"), StringComparison.Ordinal);
        Assert.Contains("a program of yours", Assert.Throws<InvalidInputException>(() => Scorers.BuiltIn.Create("external:judge")).Message, StringComparison.Ordinal);
        Write("judge", "exit 0", executable: false);
        Assert.Contains("chmod +x", Refusal("external:judge"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_can_be_a_term_of_a_sum()
    {
        Write("judge", """while read -r line; do echo '{"reward":0.5}'; done""", executable: true);
        var verdicts = await Create("exact + 0.1*external:judge").ScoreAsync([new Answer("t", "", "7", "7"), new Answer("t", "", "7", "8")], Stop);

        Assert.Equal([1.05, 0.05], verdicts.Select(verdict => verdict.Reward!.Value), (a, b) => Math.Abs(a - b) < 1e-12);
        Assert.Equal(["exact", "external:judge"], verdicts[0].Parts.Select(part => part.Name));
    }

    private string Refusal(string verifier) => Assert.Throws<InvalidInputException>(() => Create(verifier)).Message;

    private IScorer Create(string verifier) => new Scorers(new ExternalVerifiers(_folder.FullName, Limits, _time).Find).Create(verifier);

    private Task<IReadOnlyList<Verdict>> ScoreAsync(string script, params string[] completions)
    {
        Write("judge", script, executable: true);
        return Create("external:judge").ScoreAsync([.. completions.Select((completion, i) => new Answer($"t{i + 1}", "p", "g", completion))], Stop);
    }

    private void Write(string name, string script, bool executable)
    {
        var path = Path.Combine(_folder.FullName, name);
        File.WriteAllText(path, $"#!/bin/sh\n{script}\n");
        if (executable && !OperatingSystem.IsWindows()) File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>One that has ended stays in the list until its parent asks for it.</summary>
    private static bool IsAlive(string process)
    {
        try
        {
            return !File.ReadAllText(Path.Combine(process, "stat")).Contains(") Z ", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>The process that the program left behind, once it is there.</summary>
    private async Task<string> ChildAsync(Task<IReadOnlyList<Verdict>> scoring)
    {
        var file = Path.Combine(_folder.FullName, "child");
        while (!File.Exists(file) || !(await File.ReadAllTextAsync(file, Stop)).EndsWith('\n'))
        {
            if (scoring.IsCompleted) Assert.Fail($"the program ended before it started another: {(await scoring)[0].Reason}");
            await Task.Yield();
        }

        return $"/proc/{(await File.ReadAllTextAsync(file, Stop)).Trim()}";
    }
}
