using KnapsackCloud.Adapters.Files;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Tasks;

namespace KnapsackCloud.Functions.Specs;

/// <summary>Reads a spec that came over HTTP, with the tasks it names.</summary>
internal sealed class SpecReading(SpecFiles files, ControlPlaneTools tools)
{
    private const string ModelFolder = "hf:";

    /// <exception cref="InvalidInputException">Every error of the spec; then every error of what it names.</exception>
    public (RunSpec Spec, TaskSets Tasks) Read(string json)
    {
        var spec = RunSpecReader.Read("spec", json);
        var errors = new List<InputError>();
        Try(errors, () => spec = WithModelFolder(spec));
        var tasks = new TaskSets([], []);
        Try(errors, () => tasks = TaskSources.Read(spec, ReadFile));
        if (errors.Count > 0) throw new InvalidInputException(errors);
        tools.CheckSpec(spec);
        return (spec, tasks);
    }

    /// <summary>The learner may run elsewhere on this machine, so that the path it gets is a full one.</summary>
    private RunSpec WithModelFolder(RunSpec spec) => spec.Model.Source.StartsWith(ModelFolder, StringComparison.Ordinal)
        ? spec with { Model = spec.Model with { Source = ModelFolder + files.FolderOf("model.source", spec.Model.Source[ModelFolder.Length..]) } }
        : spec;

    private TaskFileContent ReadFile(string member, string name, TaskLayout? layout) => TaskFiles.Read(name, files.FileOf(member, name), layout);

    private static void Try(List<InputError> errors, Action read)
    {
        try
        {
            read();
        }
        catch (InvalidInputException error)
        {
            errors.AddRange(error.Errors);
        }
    }
}
