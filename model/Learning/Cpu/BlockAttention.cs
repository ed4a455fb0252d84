using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using KnapsackCloud.Model.Generation.Cpu;
using KnapsackCloud.Model.Transformer;

namespace KnapsackCloud.Model.Learning.Cpu;

/// <summary>
/// Attention of long sequences: a block of queries at a time, of all heads that share a key head, as products of matrices. Probabilities are
/// made again on the way back (FlashAttention, arXiv 2205.14135), so that nothing is kept; keys that no query of a block may see are not computed.
/// </summary>
internal sealed unsafe class BlockAttention : ISpanAttention
{
    /// <summary>Tokens of a block.</summary>
    private const int Queries = 64;

    private readonly ModelConfig _config;
    private readonly int _size, _group, _stride, _width;
    private readonly float _scale;
    private readonly float* _keys_WD, _values_WD, _turnedKeys_DW, _turnedValues_DW, _byKeys_WD, _byValues_WD;
    private readonly float* _query_BD, _output_BD, _byQuery_BD, _probabilities_BW, _byScores_BW;

    /// <param name="width">Of the widest span.</param>
    public BlockAttention(ModelConfig config, int width, FloatArena arena)
    {
        (_config, _size, _group, _width) = (config, config.HeadDim, config.QueriesPerKeyValue, width);
        (_stride, _scale) = (config.QuerySize + 2 * config.KeyValueSize, 1 / MathF.Sqrt(config.HeadDim));
        long keys = (long)width * _size, rows = MatrixProducts.Padded(Queries * _group), queries = rows * _size;
        _keys_WD = arena.Zeros(keys);
        _values_WD = arena.Zeros(keys);
        _turnedKeys_DW = arena.Zeros(keys);
        _turnedValues_DW = arena.Zeros(keys);
        _byKeys_WD = arena.Zeros(keys);
        _byValues_WD = arena.Zeros(keys);
        _query_BD = arena.Zeros(queries);
        _output_BD = arena.Zeros(queries);
        _byQuery_BD = arena.Zeros(queries);
        _probabilities_BW = arena.Zeros(rows * width);
        _byScores_BW = arena.Zeros(rows * width);
    }

    /// <inheritdoc/>
    public long Kept(IReadOnlyList<TokenSpan> spans) => 0;

    /// <inheritdoc/>
    public void Forward(IReadOnlyList<TokenSpan> spans, float* qkv_NH, float* kept, float* attended_RQ)
    {
        for (var head = 0; head < _config.NumKeyValueHeads; head++)
        {
            var prompt = -1;
            foreach (var span in spans)
            {
                Load(span, qkv_NH, head, ref prompt);
                for (var first = 0; first < span.Queries; first += Queries)
                {
                    var block = new Block(span, first, Math.Min(Queries, span.Queries - first), _group);
                    Probabilities(block, qkv_NH, head);
                    Products(new LeftMatrix(_probabilities_BW, _width, 1), _values_WD, _size, _output_BD, _size, block.PaddedRows, _size, block.Width, add: false);
                    for (var row = 0; row < block.Rows; row++) RowOperations.Copy(_output_BD + (nint)row * _size, Attended(attended_RQ, block, row, head), _size);
                }
            }
        }
    }

    /// <inheritdoc/>
    public void Backward(IReadOnlyList<TokenSpan> spans, float* qkv_NH, float* kept, float* byAttended_RQ, float* byQkv_NH)
    {
        for (var head = 0; head < _config.NumKeyValueHeads; head++)
        {
            var prompt = -1;
            foreach (var span in spans)
            {
                Load(span, qkv_NH, head, ref prompt);
                for (var first = 0; first < span.Queries; first += Queries)
                    Backward(new Block(span, first, Math.Min(Queries, span.Queries - first), _group), qkv_NH, byAttended_RQ, byQkv_NH, head);
                AddKeys(span, byQkv_NH, head);
            }
        }
    }

    private void Backward(Block block, float* qkv_NH, float* byAttended_RQ, float* byQkv_NH, int head)
    {
        Probabilities(block, qkv_NH, head);
        for (var row = 0; row < block.Rows; row++) RowOperations.Copy(Attended(byAttended_RQ, block, row, head), _output_BD + (nint)row * _size, _size);
        Products(new LeftMatrix(_output_BD, _size, 1), _turnedValues_DW, _width, _byScores_BW, _width, block.PaddedRows, block.Width, _size, add: false);
        for (var row = 0; row < block.Rows; row++) RowSoftmax.Backward(_probabilities_BW + (nint)row * _width, _byScores_BW + (nint)row * _width, block.Width, _scale);
        Products(new LeftMatrix(_byScores_BW, _width, 1), _keys_WD, _size, _byQuery_BD, _size, block.PaddedRows, _size, block.Width, add: false);
        for (var row = 0; row < block.Rows; row++) RowOperations.Copy(_byQuery_BD + (nint)row * _size, Query(byQkv_NH, block, row, head), _size);
        Products(new LeftMatrix(_byScores_BW, 1, _width), _query_BD, _size, _byKeys_WD, _size, block.Width, _size, block.Rows, add: true);
        Products(new LeftMatrix(_probabilities_BW, 1, _width), _output_BD, _size, _byValues_WD, _size, block.Width, _size, block.Rows, add: true);
    }

    private static void Products(LeftMatrix a, float* b, int bStride, float* c, int cStride, int rows, int columns, int length, bool add) =>
        MatrixProducts.Multiply(a, new Rows<float>(b, bStride), new Rows<float>(c, cStride), rows, columns, length, add);

    private float* Query(float* qkv_NH, Block block, int row, int head) => qkv_NH + (nint)block.Token(row) * _stride + (head * _group + row % _group) * _size;

    private float* Attended(float* attended_RQ, Block block, int row, int head) => attended_RQ + (nint)block.Row(row) * _config.QuerySize + (head * _group + row % _group) * _size;

    /// <summary>Keys and values of a head, row by row and turned; a prompt's stay for all its completions. What lies between is finite.</summary>
    private void Load(TokenSpan span, float* qkv_NH, int head, ref int prompt)
    {
        var key = qkv_NH + _config.QuerySize + head * _size;
        if (span.PromptLength == 0 || prompt != span.PromptStart) Load(key + (nint)span.PromptStart * _stride, span.PromptLength, 0);
        Load(key + (nint)span.Start * _stride, span.Count, span.PromptWidth);
        prompt = span.PromptLength == 0 ? -1 : span.PromptStart;
    }

    private void Load(float* key, int count, int column)
    {
        for (var i = 0; i < count; i++, key += _stride)
        {
            RowOperations.Copy(key, _keys_WD + (nint)(column + i) * _size, _size);
            RowOperations.Copy(key + _config.KeyValueSize, _values_WD + (nint)(column + i) * _size, _size);
            Turn(key, _turnedKeys_DW + column + i);
            Turn(key + _config.KeyValueSize, _turnedValues_DW + column + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Turn(float* numbers, float* column)
    {
        for (var number = 0; number < _size; number++, column += _width) *column = numbers[number];
    }

    /// <summary>Of a block's rows, and zeros for keys that a row may not see.</summary>
    private void Probabilities(Block block, float* qkv_NH, int head)
    {
        for (var row = 0; row < block.Rows; row++) RowOperations.Copy(Query(qkv_NH, block, row, head), _query_BD + (nint)row * _size, _size);
        Products(new LeftMatrix(_query_BD, _size, 1), _turnedKeys_DW, _width, _probabilities_BW, _width, block.PaddedRows, block.Width, _size, add: false);
        for (var row = 0; row < block.Rows; row++) Softmax(_probabilities_BW + (nint)row * _width, block.Width, block.Span, block.OwnKeys(row));
    }

    private void Softmax(float* scores, int width, TokenSpan span, int ownKeys)
    {
        Forbid(scores, span.PromptLength, span.PromptWidth);
        Forbid(scores + span.PromptWidth, ownKeys, width - span.PromptWidth);
        RowSoftmax.Forward(scores, width, _scale);
    }

    /// <summary>Scores from a key on are those of none.</summary>
    private static void Forbid(float* scores, int keys, int width)
    {
        for (var column = keys / Tiles.Lanes * Tiles.Lanes; column < width; column += Tiles.Lanes)
            RowSoftmax.OfKeys(Vector512.Load(scores + column), keys - column).Store(scores + column);
    }

    /// <summary>Adds the gradients of a span's keys and values to those of their tokens, and begins anew.</summary>
    private void AddKeys(TokenSpan span, float* byQkv_NH, int head)
    {
        var byKey = byQkv_NH + _config.QuerySize + head * _size;
        for (var i = 0; i < span.PromptLength; i++) AddKey(byKey + (nint)(span.PromptStart + i) * _stride, i);
        for (var i = 0; i < span.Count; i++) AddKey(byKey + (nint)(span.Start + i) * _stride, span.PromptWidth + i);
        new Span<float>(_byKeys_WD, span.Width * _size).Clear();
        new Span<float>(_byValues_WD, span.Width * _size).Clear();
    }

    private void AddKey(float* byKey, int column)
    {
        RowOperations.Add(byKey, _byKeys_WD + (nint)column * _size, _size);
        RowOperations.Add(byKey + _config.KeyValueSize, _byValues_WD + (nint)column * _size, _size);
    }

    /// <summary>Neighbouring queries of a span; of each token as many rows as there are heads in a group.</summary>
    private readonly record struct Block(TokenSpan Span, int First, int Count, int Group)
    {
        public int Rows => Count * Group;
        public int PaddedRows => MatrixProducts.Padded(Rows);

        /// <summary>Keys that the last of them sees, in whole vectors.</summary>
        public int Width => Span.PromptWidth + Attention.RoundedUp(OwnKeys(Rows - 1));

        public int OwnKeys(int row) => Span.FirstQuery + First + row / Group + 1;

        public int Token(int row) => Span.Start + Span.FirstQuery + First + row / Group;

        public int Row(int row) => Span.FirstRow + First + row / Group;
    }
}
