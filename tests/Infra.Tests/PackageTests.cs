using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Text.Json;
using KnapsackCloud.Functions;
using KnapsackCloud.Hosting.Local;

namespace KnapsackCloud.Infra.Tests;

/// <summary>The folder that is deployed as the Functions app, zipped as azd does, unpacked and started as the Functions host starts it.</summary>
[Collection(Builds.Name)]
public sealed class PackageTests : IDisposable
{
    private static readonly TimeSpan TimeToStop = TimeSpan.FromSeconds(10);
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("knapsack-package-");

    [Fact]
    public async Task Unpacked_and_started_as_a_Functions_host_does_it_answers()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the package is a Linux program");
        var unpacked = await PackAsync();
        var host = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(unpacked, "host.json"), Cancellation)).RootElement;
        var program = Path.Combine(unpacked, host.GetProperty("customHandler").GetProperty("description").GetProperty("defaultExecutablePath").GetString()!);
        var functions = Directory.GetDirectories(Repository.At("functions")).Where(folder => File.Exists(Path.Combine(folder, "function.json"))).Select(Path.GetFileName);
        Assert.All(functions, function => Assert.True(File.Exists(Path.Combine(unpacked, function!, "function.json")), function));

        var port = LoopbackPorts.Free(1).Single();
        await using var azurite = await Azurite.StartAsync();
        using var process = Start(program, unpacked, port, azurite.ConnectionString);
        try
        {
            await TakesCallsAsync(process, port);
            await StopsAsync(process);
        }
        finally
        {
            if (!process.HasExited) process.Kill();
        }
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private async Task<string> PackAsync()
    {
        var package = Path.Combine(_folder.FullName, "package");
        var packed = await Tool.RunAsync("sh", Repository.Root, Repository.At("infra/hooks/package-functions.sh"), package);
        Assert.True(packed.ExitCode == 0, packed.All);
        Assert.Equal(package, packed.Output.Trim());
        var (zip, unpacked) = (Path.Combine(_folder.FullName, "package.zip"), Path.Combine(_folder.FullName, "unpacked"));
        await ZipFile.CreateFromDirectoryAsync(package, zip, CompressionLevel.Fastest, includeBaseDirectory: false, Cancellation);
        await ZipFile.ExtractToDirectoryAsync(zip, unpacked, Cancellation);
        return unpacked;
    }

    /// <summary>Without a .NET of this machine: on Flex Consumption there is none.</summary>
    private static Process Start(string program, string folder, int port, string store)
    {
        var start = new ProcessStartInfo(program) { WorkingDirectory = folder, RedirectStandardError = true };
        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/bin:/bin";
        start.Environment[FunctionsOptions.HostPortVariable] = port.ToString(CultureInfo.InvariantCulture);
        start.Environment["Knapsack__Storage__ConnectionString"] = store;
        var process = Process.Start(start)!;
        process.BeginErrorReadLine();
        return process;
    }

    private static async Task TakesCallsAsync(Process process, int port)
    {
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        await AnswersAsync(client, process);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/api/health", Cancellation)).StatusCode);
        using var reply = await client.PostAsync("/Watchdog", new StringContent("""{"Data":{"timer":{"IsPastDue":false}},"Metadata":{}}"""), Cancellation);
        Assert.Equal((HttpStatusCode.OK, JsonValueKind.Object), (reply.StatusCode, JsonDocument.Parse(await reply.Content.ReadAsStringAsync(Cancellation)).RootElement.ValueKind));

        // The hook after deploying speaks this API; without worker and learner its run is started and stands still.
        using var hook = new Hook().With("KNAPSACK_API_URL", $"http://127.0.0.1:{port}").With("AZURE_RESOURCE_GROUP", "g").With("KNAPSACK_FUNCTIONS_NAME", "f")
            .With("KNAPSACK_SMOKE_PAUSE", "0").With("KNAPSACK_SMOKE_LOOKS", "2").WithProgram("az", "echo key");
        var smoke = await hook.RunAsync("sh", "postdeploy");
        Assert.Matches("smoke run smoke-[0-9-]+ stands still: .*\"state\": ?\"(created|running)\"", smoke.Errors);
    }

    /// <summary>Any answer to GET / means ready.</summary>
    private static async Task AnswersAsync(HttpClient client, Process process)
    {
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(25));
        while (await ticks.WaitForNextTickAsync(Cancellation))
        {
            Assert.False(process.HasExited, "it ended instead of listening");
            try
            {
                using var answer = await client.GetAsync("/", Cancellation);
                return;
            }
            catch (HttpRequestException)
            {
                // Not yet.
            }
        }
    }

    private static async Task StopsAsync(Process process)
    {
        using (var kill = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)])) await kill.WaitForExitAsync(Cancellation);
        using var deadline = new CancellationTokenSource(TimeToStop);
        await process.WaitForExitAsync(deadline.Token);
        Assert.Equal(0, process.ExitCode);
    }
}
