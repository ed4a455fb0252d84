using System.CommandLine;
using KnapsackCloud.Adapters.Storage;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace KnapsackCloud.Cli.Running;

/// <summary><c>--store</c> and <c>--out</c> of the commands that only look.</summary>
internal static class StoreOption
{
    private const string Embedded = "embedded";

    public static readonly Option<string> Store = new("--store")
    {
        Description = "Where the runs are: embedded is a folder; local an emulator and azure an account, named as for the hosts (Knapsack__Storage__AccountName)",
        DefaultValueFactory = _ => Embedded,
    };

    public static readonly Option<string> Out = new("--out") { Description = "The folder of an embedded store", DefaultValueFactory = _ => ".knapsack" };

    /// <exception cref="InvalidInputException">There is no such store, or the settings that name it are wrong.</exception>
    /// <exception cref="StoreException">It cannot be reached.</exception>
    public static async Task<OpenStore> OpenAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var kind = parsed.GetValue(Store)!;
        if (kind == Embedded)
        {
            var folder = StoredRuns.Open(parsed.GetValue(Out)!);
            return new OpenStore(folder, folder);
        }

        if (kind is not ("local" or "azure")) throw new InvalidInputException("--store", $"'{kind}' is not embedded, local or azure");
        var options = KnapsackOptions.Read(Settings(kind));
        var account = new StorageAccount(options.Storage!, TimeProvider.System);
        try
        {
            return new OpenStore(await account.OpenStoreAsync(cancellation).ConfigureAwait(false), account);
        }
        catch
        {
            account.Dispose();
            throw;
        }
    }

    /// <summary>As every host reads them, but for the logs, which would mix with the answer.</summary>
    private static ConfigurationManager Settings(string kind) =>
        Host.CreateApplicationBuilder([$"--{KnapsackOptions.Section}:{nameof(KnapsackOptions.Store)}={kind}"]).Configuration;
}

/// <summary>A store with what it is reached by.</summary>
internal sealed class OpenStore(IRunStore store, IDisposable owner) : IDisposable
{
    public IRunStore Store { get; } = store;

    public void Dispose() => owner.Dispose();
}
