using System.Text;
using System.Text.Json;
using KnapsackCloud.Adapters.Files;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Tests.Shared;

namespace KnapsackCloud.Adapters.Tests.Files;

public sealed class PolicyFoldersTests : IDisposable
{
    private static readonly RunId Run = RunId.Parse("r");
    private static readonly PolicyVersion Version = new(7);
    private readonly TempFolder _folder = new();
    private readonly InMemoryRunStore _store = new();
    private readonly PolicyFolders _publisher;
    private readonly PolicyFolders _reader;

    public PolicyFoldersTests() => (_publisher, _reader) = (new PolicyFolders(_store, _folder["publisher"]), new PolicyFolders(_store, _folder["reader"]));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _publisher.Dispose();
        _reader.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Another_process_fetches_the_files_that_were_published()
    {
        Assert.True(await _publisher.PublishAsync(Run, Version, Made("weights"), Token));
        var fetched = await _reader.FetchAsync(Run, Version, Token);
        Assert.Equal(["config.json", "model.safetensors"], Directory.GetFiles(fetched).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal("weights", await File.ReadAllTextAsync(Path.Combine(fetched, "model.safetensors"), Token));
        Assert.Equal(fetched, await _reader.FetchAsync(Run, Version, Token));
    }

    [Fact]
    public async Task The_manifest_says_sizes_and_hashes()
    {
        await _publisher.PublishAsync(Run, Version, Made("weights"), Token);
        var manifest = JsonSerializer.Deserialize(_store.Blobs["runs/r/policies/000007/manifest.json"], ContractsJson.Default.CheckpointManifest)!;
        Assert.Equal(new CheckpointFile("model.safetensors", 7, "9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c"), manifest.Files[1]);
    }

    [Fact]
    public async Task The_publisher_reads_its_own_files_without_the_store()
    {
        var folder = Made("weights");
        await _publisher.PublishAsync(Run, Version, folder, Token);
        Assert.Equal(folder, await _publisher.FetchAsync(Run, Version, Token));
    }

    [Fact]
    public async Task A_policy_without_a_manifest_is_not_there()
    {
        await CreateAsync("model.safetensors", "weights");
        var error = await Assert.ThrowsAsync<CheckpointException>(() => _reader.FetchAsync(Run, Version, Token));
        Assert.Contains("is not published", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("model.safetensors", "Weights")]
    [InlineData("model.safetensors", "weight")]
    [InlineData("config.json", null)]
    public async Task A_file_that_is_changed_cut_or_gone_is_noticed(string file, string? content)
    {
        await _publisher.PublishAsync(Run, Version, Made("weights"), Token);
        await _store.DeleteAsync(BlobNames.PolicyFile(Run, Version, file), Token);
        if (content is not null) await CreateAsync(file, content);
        var error = await Assert.ThrowsAsync<CheckpointException>(() => _reader.FetchAsync(Run, Version, Token));
        Assert.Contains(file, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../../outside")]
    [InlineData("/etc/passwd")]
    [InlineData(".hidden")]
    [InlineData("")]
    public async Task A_manifest_cannot_name_files_elsewhere(string name)
    {
        var manifest = new CheckpointManifest(1, Version, [new CheckpointFile(name, 1, "00")]);
        await CreateAsync("manifest.json", JsonSerializer.Serialize(manifest, ContractsJson.Default.CheckpointManifest));
        await Assert.ThrowsAsync<CheckpointException>(() => _reader.FetchAsync(Run, Version, Token));
    }

    [Fact]
    public async Task A_second_attempt_changes_nothing_and_says_so()
    {
        await _publisher.PublishAsync(Run, Version, Made("weights"), Token);
        Assert.False(await _reader.PublishAsync(Run, Version, Made("other weights"), Token));
        Assert.Equal("weights", await File.ReadAllTextAsync(Path.Combine(await _reader.FetchAsync(Run, Version, Token), "model.safetensors"), Token));
    }

    [Fact]
    public async Task The_manifest_describes_what_an_attempt_that_died_left_behind()
    {
        await CreateAsync("model.safetensors", "left behind");
        Assert.True(await _publisher.PublishAsync(Run, Version, Made("weights"), Token));
        Assert.Equal("left behind", await File.ReadAllTextAsync(Path.Combine(await _publisher.FetchAsync(Run, Version, Token), "model.safetensors"), Token));
    }

    [Fact]
    public async Task A_folder_that_is_empty_or_has_odd_names_is_refused()
    {
        await Assert.ThrowsAsync<CheckpointException>(() => _publisher.PublishAsync(Run, Version, _publisher.CreateWorkFolder(Run, Version), Token));
        var odd = Made("weights");
        await File.WriteAllTextAsync(Path.Combine(odd, "a b"), "", Token);
        await Assert.ThrowsAsync<CheckpointException>(() => _publisher.PublishAsync(Run, Version, odd, Token));
        Assert.Empty(_store.Blobs);
    }

    [Fact]
    public async Task Old_versions_do_not_pile_up_locally()
    {
        for (var version = 0; version < 12; version++) await _publisher.PublishAsync(Run, new PolicyVersion(version), Made($"weights {version}"), Token);
        Assert.Equal(4, Directory.GetDirectories(_folder["publisher"]).Length);
        Assert.True(Directory.Exists(await _publisher.FetchAsync(Run, new PolicyVersion(2), Token)));
    }

    [Fact]
    public async Task An_old_version_that_is_asked_for_at_every_step_is_downloaded_once()
    {
        var reference = "";
        for (var version = 0; version < 12; version++)
        {
            await _publisher.PublishAsync(Run, new PolicyVersion(version), Made($"weights {version}"), Token);
            if (version == 6) reference = await _publisher.FetchAsync(Run, new PolicyVersion(1), Token);
            if (version > 6) Assert.Equal(reference, await _publisher.FetchAsync(Run, new PolicyVersion(1), Token));
        }
        await _publisher.FetchAsync(Run, new PolicyVersion(2), Token);
        await _publisher.PublishAsync(Run, new PolicyVersion(12), Made("weights 12"), Token);
        Assert.Equal(5, Directory.GetDirectories(_folder["publisher"]).Length);
        Assert.False(Directory.Exists(reference));
    }

    [Fact]
    public void Two_attempts_at_a_version_work_in_folders_of_their_own() =>
        Assert.NotEqual(_publisher.CreateWorkFolder(Run, Version), _publisher.CreateWorkFolder(Run, Version));

    private string Made(string weights)
    {
        var folder = _publisher.CreateWorkFolder(Run, Version);
        File.WriteAllText(Path.Combine(folder, "model.safetensors"), weights);
        File.WriteAllText(Path.Combine(folder, "config.json"), "{}");
        return folder;
    }

    private Task<bool> CreateAsync(string file, string content) => _store.CreateAsync(
        BlobNames.PolicyFile(Run, Version, file), (output, token) => output.WriteAsync(Encoding.UTF8.GetBytes(content), token).AsTask(), Token);
}
