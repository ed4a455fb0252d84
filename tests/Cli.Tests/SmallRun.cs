namespace KnapsackCloud.Cli.Tests;

/// <summary>A run that has every stage and takes seconds.</summary>
internal static class SmallRun
{
    public const int Steps = 4;

    public const string Spec = """
        {
          "name": "small", "seed": 5, "steps": 4,
          "model": { "source": "warmup:arithmetic?target=0.02" },
          "tasks": { "source": "arithmetic:add1-2,sub1?pool=48&heldOut=3", "perStep": 12 },
          "allocation": { "policy": "posterior", "rolloutsPerTask": 6, "min": 2, "max": 12 },
          "learning": { "minibatchRows": 16 },
          "evaluation": { "every": 2, "samples": 2 },
          "checkpoints": { "keepEvery": 1 }
        }
        """;
}

/// <summary>A folder of a test, deleted with it.</summary>
internal sealed class TestFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("knapsack-test-").FullName;

    public string Write(string name, string content)
    {
        var path = System.IO.Path.Combine(Path, name);
        File.WriteAllText(path, content);
        return path;
    }

    public string At(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Waits until a file of this name is somewhere below the folder.</summary>
    public async Task AppearsAsync(string folder, string name)
    {
        var root = Directory.CreateDirectory(At(folder)).FullName;
        using var watcher = new FileSystemWatcher(root) { IncludeSubdirectories = true };
        var appeared = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        watcher.Created += (_, _) => Look();
        watcher.EnableRaisingEvents = true;
        Look();
        await appeared.Task.WaitAsync(TimeSpan.FromMinutes(2), TestContext.Current.CancellationToken);

        void Look()
        {
            if (Directory.EnumerateFiles(root, name, SearchOption.AllDirectories).Any()) appeared.TrySetResult();
        }
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
