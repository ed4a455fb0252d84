using KnapsackCloud.Adapters.Files;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Tasks;
using KnapsackCloud.Model.Learning;

namespace KnapsackCloud.Cli.Running;

/// <summary>A spec and the tasks it names, read and checked before anything is started.</summary>
internal sealed record RunInputs(RunSpec Spec, TaskSets Tasks)
{
    private const string ModelFolder = "hf:";

    /// <param name="path">A spec file, or null for the built-in example.</param>
    /// <param name="settings">Replace members of the file's.</param>
    /// <exception cref="InvalidInputException">Every error of the spec as it is; then as it was set; then every error of the tasks.</exception>
    public static RunInputs Read(string? path, IReadOnlyList<SpecSetting> settings)
    {
        var file = path ?? Example();
        if (!File.Exists(file)) throw new InvalidInputException(file, "there is no such spec file");
        var folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
        var text = File.ReadAllText(file);
        var read = RunSpecReader.Read(file, text);
        var set = settings.Count == 0 ? read : RunSpecReader.Read($"{file} with {string.Join(' ', settings)}", SpecSetting.Apply(text, settings));
        var spec = WithFullModelPath(set, folder);
        GrpoLearner.Validate(spec);
        return new RunInputs(spec, TaskSources.Read(spec, (member, source, layout) => ReadFile(member, source, layout, folder)));
    }

    /// <summary>A run may be resumed from anywhere, so that the path it keeps is a full one.</summary>
    private static RunSpec WithFullModelPath(RunSpec spec, string folder) =>
        spec.Model.Source.StartsWith(ModelFolder, StringComparison.Ordinal)
            ? spec with { Model = spec.Model with { Source = ModelFolder + Path.GetFullPath(Path.Combine(folder, spec.Model.Source[ModelFolder.Length..])) } }
            : spec;

    /// <summary>A path in a spec is relative to the spec's folder.</summary>
    private static TaskFileContent ReadFile(string member, string source, TaskLayout? layout, string folder)
    {
        var path = Path.Combine(folder, source);
        if (!File.Exists(path)) throw new InvalidInputException(member, $"'{source}' is neither a task source ({ProceduralSource.Forms}) nor a file in {folder}");
        return TaskFiles.Read(path, path, layout);
    }

    /// <summary>Beside the sources: found from the program upwards, so that the launcher works from any folder.</summary>
    internal static string Example()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var example = Path.Combine(folder.FullName, "examples", "arithmetic.json");
            if (File.Exists(example)) return example;
        }

        throw new InvalidInputException("examples/arithmetic.json", "the built-in example is not beside this program: name a spec file");
    }
}
