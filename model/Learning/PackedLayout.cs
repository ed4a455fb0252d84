namespace KnapsackCloud.Model.Learning;

/// <summary>
/// Where every token of a microbatch lies. All tokens are one flat list, without padding: first each group's prompt,
/// once, then each row's completion without its last token. Positions restart after the prompt, and a completion token
/// sees the prompt and its own earlier tokens only. Only attention needs rectangles, one of the prompts and one a bundle of
/// completions; the index arrays gather them. N tokens, G groups, P longest prompt, U tokens that predict (each prompt's last
/// and every completion token: the last layer needs no others), M predicted tokens. Pure: no tensors.
/// </summary>
public sealed class PackedLayout
{
    private PackedLayout(IReadOnlyList<PackedGroup> groups)
    {
        Groups = groups.Count;
        PromptLength = groups.Max(group => group.PromptIds.Length);
        PromptsAligned = groups.All(group => group.PromptIds.Length == PromptLength);
        PromptTokens = groups.Sum(group => group.PromptIds.Length);
        Tokens = PromptTokens + groups.Sum(group => group.Rows.Sum(row => row.Inputs));
        Predictions = groups.Sum(group => group.Rows.Sum(row => row.Row.CompletionIds.Length));

        TokenIds_N = new long[Tokens];
        Positions_N = new long[Tokens];
        AttendedIndex_N = new long[Tokens];
        PromptIndex_GP = new long[Groups * PromptLength];
        Sources = Groups + Tokens - PromptTokens;
        Sources_U = new long[Sources];
        SourceAttendedIndex_U = new long[Sources];
        LastPositions_G = new long[Groups];
        SourceIndex_M = new long[Predictions];
        Targets_M = new long[Predictions];
        TrainedRows = groups.Sum(group => group.Rows.Count);
        RowIndex_M = new long[Predictions];
        RowShares_M = new float[Predictions];
        LogProbs_M = new float[Predictions];
        Advantages_M = new float[Predictions];
        Weights_M = new float[Predictions];
    }

    public int Tokens { get; }
    public int PromptTokens { get; }
    public int Sources { get; }
    public int Groups { get; }
    public int PromptLength { get; }
    /// <summary>Rows that read any completion token; those of a single one are predicted, never read.</summary>
    public IReadOnlyList<CompletionBundle> Bundles { get; private set; } = [];
    public int Predictions { get; }
    /// <summary>All prompts have the same length: their tokens are a rectangle as they lie.</summary>
    public bool PromptsAligned { get; }

    public long[] TokenIds_N { get; }
    public long[] Positions_N { get; }
    /// <summary>Of each token, its cell among the G*P prompt cells followed by the completion cells of every bundle.</summary>
    public long[] AttendedIndex_N { get; }
    /// <summary>Token of each prompt cell; padding on the right repeats the prompt's last token.</summary>
    public long[] PromptIndex_GP { get; }

    /// <summary>Tokens that predict: the last of each prompt, then all of the completions.</summary>
    public long[] Sources_U { get; }
    /// <summary>Of each source, its cell among the G last prompt tokens followed by the completion cells of every bundle.</summary>
    public long[] SourceAttendedIndex_U { get; }
    /// <summary>Position of each prompt's last token.</summary>
    public long[] LastPositions_G { get; }

    /// <summary>The source whose hidden state predicts; for the first token of a completion it is the prompt's last.</summary>
    public long[] SourceIndex_M { get; }
    public long[] Targets_M { get; }
    /// <summary>Rows that are predicted, those of a single token included.</summary>
    public int TrainedRows { get; }
    /// <summary>Which of the <see cref="TrainedRows"/> a token belongs to.</summary>
    public long[] RowIndex_M { get; }
    /// <summary>1 / the tokens of the row.</summary>
    public float[] RowShares_M { get; }
    /// <summary>Behaviour log-probs.</summary>
    public float[] LogProbs_M { get; }
    public float[] Advantages_M { get; }
    public float[] Weights_M { get; }

    /// <summary>Lays out groups in their order.</summary>
    /// <exception cref="ArgumentException">No group, a group without rows, an empty prompt, an empty completion, or log-probs of another count than tokens.</exception>
    public static PackedLayout Of(IReadOnlyList<PackedGroup> groups)
    {
        if (groups.Count == 0) throw new ArgumentException("there is no group to lay out", nameof(groups));
        foreach (var group in groups)
        {
            if (group.Rows.Count == 0) throw new ArgumentException("a group has no rows", nameof(groups));
            if (group.PromptIds.Length == 0) throw new ArgumentException("a prompt is empty: nothing predicts the first completion token", nameof(groups));
            if (group.Rows.Any(row => row.Row.CompletionIds.Length == 0 || row.Row.CompletionIds.Length != row.Row.LogProbs.Length))
                throw new ArgumentException("a completion is empty, or its log-probs are not one per token", nameof(groups));
        }

        var layout = new PackedLayout(groups);
        layout.Fill(groups);
        return layout;
    }

    private void Fill(IReadOnlyList<PackedGroup> groups)
    {
        var promptStarts_G = new int[Groups];
        var token = 0;
        for (var group = 0; group < Groups; group++)
        {
            promptStarts_G[group] = token;
            token = PlacePrompt(group, groups[group].PromptIds, token);
            LastPositions_G[group] = groups[group].PromptIds.Length - 1;
            Sources_U[group] = token - 1;
            SourceAttendedIndex_U[group] = group;
        }

        var (reading, trained, prediction) = (new List<ReadingRow>(), 0, 0);
        for (var group = 0; group < Groups; group++)
        {
            foreach (var weighted in groups[group].Rows)
            {
                PlacePredictions(weighted, trained++, group, SourceOf(token), prediction);
                prediction += weighted.Row.CompletionIds.Length;
                if (weighted.Inputs == 0) continue;
                reading.Add(new ReadingRow(weighted.Inputs, token, groups[group].PromptIds.Length, promptStarts_G[group]));
                PlaceCompletion(weighted, reading[^1]);
                token += weighted.Inputs;
            }
        }

        Bundles = CompletionBundle.Of(reading, SourceOf);
        PlaceCells();
    }

    private int PlacePrompt(int group, int[] promptIds, int start)
    {
        for (var p = 0; p < PromptLength; p++)
        {
            var cell = group * PromptLength + p;
            PromptIndex_GP[cell] = start + Math.Min(p, promptIds.Length - 1);
            if (p >= promptIds.Length) continue;
            TokenIds_N[start + p] = promptIds[p];
            Positions_N[start + p] = p;
            AttendedIndex_N[start + p] = cell;
        }

        return start + promptIds.Length;
    }

    private void PlaceCompletion(WeightedRow weighted, ReadingRow row)
    {
        for (var a = 0; a < row.Inputs; a++)
        {
            var token = row.Start + a;
            TokenIds_N[token] = weighted.Row.CompletionIds[a];
            Positions_N[token] = row.PromptLength + a;
            Sources_U[SourceOf(token)] = token;
        }
    }

    /// <summary>The cells of the bundles lie one after another.</summary>
    private void PlaceCells()
    {
        var before = 0;
        foreach (var bundle in Bundles)
        {
            foreach (var (number, row) in bundle.Members.Index())
            {
                for (var a = 0; a < row.Inputs; a++)
                {
                    var (token, cell) = (row.Start + a, before + number * bundle.CompletionLength + a);
                    AttendedIndex_N[token] = Groups * PromptLength + cell;
                    SourceAttendedIndex_U[SourceOf(token)] = Groups + cell;
                }
            }

            before += bundle.Cells;
        }
    }

    /// <summary>Number of a completion token among the sources.</summary>
    private int SourceOf(int token) => Groups + token - PromptTokens;

    private void PlacePredictions(WeightedRow weighted, int trained, int promptSource, int completionSource, int at)
    {
        var row = weighted.Row;
        for (var t = 0; t < row.CompletionIds.Length; t++)
        {
            SourceIndex_M[at + t] = t == 0 ? promptSource : completionSource + t - 1;
            Targets_M[at + t] = row.CompletionIds[t];
            RowIndex_M[at + t] = trained;
            RowShares_M[at + t] = 1f / row.CompletionIds.Length;
            LogProbs_M[at + t] = row.LogProbs[t];
            Advantages_M[at + t] = (float)row.Advantage;
            Weights_M[at + t] = (float)weighted.TokenWeight * (row.Importance?[t] ?? 1);
        }
    }
}
