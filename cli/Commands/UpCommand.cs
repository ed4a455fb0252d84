using System.CommandLine;
using KnapsackCloud.Cli.Up;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Hosting.Local;

namespace KnapsackCloud.Cli.Commands;

/// <summary><c>knapsack up</c>: everything of a deployment as processes on this machine.</summary>
internal static class UpCommand
{
    private static readonly Option<int> Workers = new("--workers") { Description = "Worker processes; they share the cores", DefaultValueFactory = _ => Environment.ProcessorCount };
    private static readonly Option<bool> Learner = new("--learner") { Description = "Whether a learner is started; false leaves it to another machine", DefaultValueFactory = _ => true };
    private static readonly Option<int> Port = new("--port") { Description = "Port of the control plane on the loopback address; 0 takes a free one", DefaultValueFactory = _ => 7071 };
    private static readonly Option<string> Out = new("--out") { Description = "Folder for what the emulator keeps, and for logs", DefaultValueFactory = _ => Path.Combine(".knapsack", "up") };
    private static readonly Option<string?> Data = new("--data") { Description = "Folder in which posted specs may name task files and models [default: they may name none]" };

    public static Command Create()
    {
        var command = new Command("up", $"Starts control plane, workers and learner as processes on this machine over Azurite, or over the account of {LocalDeployment.ConnectionVariable}; Ctrl-C stops all.") { Workers, Learner, Port, Out, Data };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var plan = Read(parsed);
        try
        {
            await using var deployment = new LocalDeployment(plan, TimeProvider.System);
            await deployment.StartAsync(Console.Error.WriteLine, cancellation).ConfigureAwait(false);
            await Console.Out.WriteLineAsync($"ready: {deployment.Address} (start a run: curl -X POST {deployment.Address}api/runs -d @examples/arithmetic.json)").ConfigureAwait(false);
            await new DeploymentView(deployment, TimeProvider.System).ShowAsync(cancellation).ConfigureAwait(false);
            throw new StoreException(deployment.Failure!);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("all stopped; nothing is lost: 'knapsack up' goes on with the runs").ConfigureAwait(false);
            return ExitCodes.Done;
        }
        catch (Hosting.HostRefusedException e)
        {
            throw new StoreException($"{e.Message}; or set {LocalDeployment.ConnectionVariable} to use a storage account");
        }
    }

    private static DeploymentPlan Read(ParseResult parsed)
    {
        var (workers, port, data) = (parsed.GetValue(Workers), parsed.GetValue(Port), parsed.GetValue(Data));
        var errors = new List<InputError>();
        if (workers is < 0 or > 1000) errors.Add(new InputError("--workers", $"is {workers}; it must be from 0 to 1000"));
        if (port is < 0 or > 65535) errors.Add(new InputError("--port", $"is {port}; it must be from 0 to 65535"));
        if (data is not null && !Directory.Exists(data)) errors.Add(new InputError("--data", $"there is no folder '{data}'"));
        if (errors.Count > 0) throw new InvalidInputException(errors);
        return new DeploymentPlan(workers, parsed.GetValue(Learner), port == 0 ? LoopbackPorts.Free(1)[0] : port, parsed.GetValue(Out)!, data);
    }
}
