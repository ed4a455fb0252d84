using KnapsackCloud.Model.Generation.Cpu;

namespace KnapsackCloud.Model.Learning.Cpu;

/// <summary>The tokens of a layer that look at others and go on to its output.</summary>
/// <param name="spans">All tokens, with those of them that look.</param>
/// <param name="tokens_R">Token of each row; null where every token is its own row.</param>
internal sealed unsafe class LayerQueries(IReadOnlyList<TokenSpan> spans, int rows, long[]? tokens_R)
{
    public IReadOnlyList<TokenSpan> Spans => spans;
    public int Rows => rows;

    public int Token(int row) => tokens_R is null ? row : (int)tokens_R[row];

    /// <summary>Where <see cref="Spread"/> puts rows: an array of zeros, or the rows themselves.</summary>
    public float* PlaceOfAll(float* rows_RD, int tokens, int size, FloatArena arena) => tokens_R is null ? rows_RD : arena.Zeros((long)MatrixProducts.Padded(tokens) * size);

    /// <summary>Puts rows to their tokens.</summary>
    public void Spread(float* rows_RD, float* all_ND, int size)
    {
        for (var row = 0; row < rows && tokens_R is not null; row++) RowOperations.Copy(rows_RD + (nint)row * size, all_ND + (nint)tokens_R[row] * size, size);
    }
}

/// <summary>What all layers of a pass share.</summary>
/// <param name="cos_TD">Of all positions.</param>
internal sealed unsafe class CpuBatch(PackedLayout layout, int headDim, float* cos_TD, float* sin_TD, ISpanAttention attention)
{
    public int Tokens => layout.Tokens;
    public ISpanAttention Attention => attention;

    public float* Cos(int token) => cos_TD + (nint)layout.Positions_N[token] * headDim;

    public float* Sin(int token) => sin_TD + (nint)layout.Positions_N[token] * headDim;
}
