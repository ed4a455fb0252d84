using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Model.Generation;
using KnapsackCloud.Model.Tokenizers;
using KnapsackCloud.Model.Transformer;
using KnapsackCloud.Model.Weights;

namespace KnapsackCloud.Model.Tests.Generation;

public sealed class PolicyLoaderTests : IDisposable
{
    private static readonly RunId Run = RunId.Parse("r");

    private readonly TemporaryFolder _folder = new();
    private readonly Folders _folders;
    private readonly PolicyLoader _loader;

    public PolicyLoaderTests()
    {
        for (var version = 0; version < 4; version++)
        {
            using var model = DecoderModel.Random(TestModels.Config, (ulong)version);
            CheckpointFolder.Save(model, CharacterTokenizerFile.Files(CharacterTokenizer.Arithmetic), _folder[$"{version}"]);
        }

        _folders = new Folders(_folder.Path);
        _loader = new PolicyLoader(_folders);
    }

    public void Dispose()
    {
        _loader.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_policy_generates_and_has_its_tokenizer()
    {
        using var policy = await Open(2);
        using var model = CheckpointFolder.Load(_folder["2"]);
        var prompt = new GenerationPrompt(policy.Tokenizer.Encode("1+1="), [7]);
        Assert.Equal(
            new GenerationEngine(model).Generate([prompt], new SamplingSpec(), TestContext.Current.CancellationToken)[0][0].TokenIds,
            policy.Generator.Generate([prompt], new SamplingSpec(), TestContext.Current.CancellationToken)[0][0].TokenIds);
    }

    [Fact]
    public async Task A_version_asked_for_by_many_at_once_is_loaded_once()
    {
        var gate = _folders.Hold();
        var opening = Enumerable.Range(0, 8).Select(_ => Open(1)).ToList();
        gate.SetResult();
        var policies = await Task.WhenAll(opening);
        Assert.Equal(1, _folders.Fetches);
        Assert.Equal(8, policies.Select(policy => policy.Generator).Distinct().Count());
        foreach (var policy in policies) policy.Dispose();
    }

    [Fact]
    public async Task The_last_two_versions_stay_loaded()
    {
        await OpenAndClose(0);
        await OpenAndClose(1);
        await OpenAndClose(0);
        Assert.Equal(2, _folders.Fetches);
        await OpenAndClose(2);
        await OpenAndClose(0);
        Assert.Equal(3, _folders.Fetches);
        await OpenAndClose(1);
        Assert.Equal(4, _folders.Fetches);
    }

    [Fact]
    public async Task A_policy_in_use_is_not_dropped()
    {
        using var held = await Open(0);
        for (var version = 1; version < 4; version++) await OpenAndClose(version);
        Assert.Single(Generate(held));
        _loader.Dispose();
        Assert.Single(Generate(held));
    }

    [Fact]
    public async Task Giving_a_policy_back_twice_counts_once()
    {
        using var held = await Open(0);
        var second = await Open(0);
        second.Dispose();
        second.Dispose();
        await OpenAndClose(1);
        await OpenAndClose(2);
        Assert.Single(Generate(held));
    }

    [Fact]
    public async Task A_failed_load_is_tried_again()
    {
        _folders.Failure = new CheckpointException("damaged");
        Assert.Equal("damaged", (await Assert.ThrowsAsync<CheckpointException>(() => Open(0))).Message);
        _folders.Failure = null;
        await OpenAndClose(0);
        Assert.Equal(2, _folders.Fetches);
    }

    [Fact]
    public async Task A_folder_that_is_no_model_is_a_damaged_checkpoint()
    {
        File.Delete(_folder["0/model.safetensors"]);
        Assert.Contains("model.safetensors", (await Assert.ThrowsAsync<CheckpointException>(() => Open(0))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancelling_one_wait_leaves_the_load_to_the_others()
    {
        var gate = _folders.Hold();
        using var source = new CancellationTokenSource();
        var impatient = _loader.OpenAsync(Run, new PolicyVersion(1), source.Token);
        var patient = Open(1);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => impatient);
        gate.SetResult();
        using var policy = await patient;
        Assert.Equal(1, _folders.Fetches);
    }

    private Task<ILoadedPolicy> Open(int version) => _loader.OpenAsync(Run, new PolicyVersion(version), TestContext.Current.CancellationToken);

    private async Task OpenAndClose(int version)
    {
        using var policy = await Open(version);
        Assert.Single(Generate(policy));
    }

    private static Completion[] Generate(ILoadedPolicy policy) =>
        policy.Generator.Generate([new([4], [1])], new SamplingSpec(), TestContext.Current.CancellationToken)[0];

    private sealed class Folders(string root) : IPolicyFolders
    {
        private int _fetches;
        private TaskCompletionSource? _gate;

        public int Fetches => _fetches;
        public Exception? Failure { get; set; }

        /// <summary>Fetches wait until the result is set.</summary>
        public TaskCompletionSource Hold() => _gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        public async Task<string> FetchAsync(RunId run, PolicyVersion version, CancellationToken cancellation)
        {
            Interlocked.Increment(ref _fetches);
            if (_gate is { } gate) await gate.Task;
            return Failure is null ? Path.Combine(root, version.ToString()) : throw Failure;
        }

        public string CreateWorkFolder(RunId run, PolicyVersion version) => throw new NotSupportedException();
        public Task<bool> PublishAsync(RunId run, PolicyVersion version, string folder, CancellationToken cancellation) => throw new NotSupportedException();
    }
}
