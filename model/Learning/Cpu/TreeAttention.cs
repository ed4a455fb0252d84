using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using KnapsackCloud.Model.Generation.Cpu;
using KnapsackCloud.Model.Transformer;

namespace KnapsackCloud.Model.Learning.Cpu;

/// <summary>
/// Softmax attention of the tokens of a packed microbatch, and its gradients, for sequences so short that their probabilities are kept. A span's
/// keys are turned first: sixteen of them meet a query side by side, and nothing is added across lanes but a row of probabilities.
/// </summary>
/// <param name="width">Of the widest span.</param>
internal sealed unsafe class TreeAttention(ModelConfig config, int width, FloatArena arena) : ISpanAttention
{
    private readonly int _size = config.HeadDim;
    private readonly int _stride = config.QuerySize + 2 * config.KeyValueSize;
    private readonly float _scale = 1 / MathF.Sqrt(config.HeadDim);
    private readonly float* _turned_KDW = arena.Zeros((long)config.NumKeyValueHeads * config.HeadDim * width);
    private readonly float* _byScore_W = arena.Take(width);

    /// <summary>Their probabilities.</summary>
    public long Kept(IReadOnlyList<TokenSpan> spans) => spans.Sum(span => (long)span.Queries * config.NumAttentionHeads * span.Width);

    /// <inheritdoc/>
    public void Forward(IReadOnlyList<TokenSpan> spans, float* qkv_NH, float* kept, float* attended_RQ)
    {
        var turned = -1;
        var probabilities = kept;
        foreach (var span in spans)
        {
            Turn(span, qkv_NH + config.QuerySize, ref turned);
            for (var query = 0; query < span.Queries; query++)
            {
                for (var head = 0; head < config.NumAttentionHeads; head++, probabilities += span.Width)
                {
                    Softmax(span, span.FirstQuery + query, Query(qkv_NH, span, query, head), Turned(head), probabilities);
                    Mix(span, span.FirstQuery + query, probabilities, Value(qkv_NH, head), attended_RQ + (nint)(span.FirstRow + query) * config.QuerySize + head * _size);
                }
            }
        }
    }

    /// <inheritdoc/>
    public void Backward(IReadOnlyList<TokenSpan> spans, float* qkv_NH, float* kept, float* byAttended_RQ, float* byQkv_NH)
    {
        var turned = -1;
        var probabilities = kept;
        foreach (var span in spans)
        {
            Turn(span, qkv_NH + config.QuerySize + config.KeyValueSize, ref turned);
            for (var query = 0; query < span.Queries; query++)
            {
                for (var head = 0; head < config.NumAttentionHeads; head++, probabilities += span.Width)
                {
                    var byOutput = byAttended_RQ + (nint)(span.FirstRow + query) * config.QuerySize + head * _size;
                    ByScores(span, byOutput, Turned(head), probabilities);
                    Spread(span, span.FirstQuery + query, head, qkv_NH, byQkv_NH, byOutput, probabilities);
                }
            }
        }
    }

    private float* Query(float* qkv_NH, TokenSpan span, int query, int head) => qkv_NH + (nint)(span.Start + span.FirstQuery + query) * _stride + head * _size;

    private float* Key(float* qkv_NH, int head) => qkv_NH + config.QuerySize + head / config.QueriesPerKeyValue * _size;

    private float* Value(float* qkv_NH, int head) => Key(qkv_NH, head) + config.KeyValueSize;

    private float* Turned(int head) => _turned_KDW + (nint)(head / config.QueriesPerKeyValue) * _size * width;

    /// <summary>Columns of a span's keys, or values; a prompt's stay for all its completions. Columns beyond hold finite numbers.</summary>
    private void Turn(TokenSpan span, float* heads_NK, ref int prompt)
    {
        var known = span.PromptLength > 0 && prompt == span.PromptStart;
        if (!known) Turn(heads_NK + (nint)span.PromptStart * _stride, span.PromptLength, 0);
        Turn(heads_NK + (nint)span.Start * _stride, span.Count, span.PromptWidth);
        prompt = span.PromptLength > 0 ? span.PromptStart : -1;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Turn(float* heads_NK, int count, int column)
    {
        var numbers = config.KeyValueSize;
        for (var i = 0; i < count; i++, heads_NK += _stride)
            for (var number = 0; number < numbers; number++) _turned_KDW[(nint)number * width + column + i] = heads_NK[number];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Softmax(TokenSpan span, int last, float* query, float* keys_DW, float* probabilities)
    {
        for (var column = 0; column < span.Width; column += Tiles.Lanes)
        {
            var keys = column < span.PromptWidth ? span.PromptLength - column : last + 1 + span.PromptWidth - column;
            RowSoftmax.OfKeys(Products(query, keys_DW + column), keys).Store(probabilities + column);
        }

        RowSoftmax.Forward(probabilities, span.Width, _scale);
    }

    /// <summary>Sixteen dot products with columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector512<float> Products(float* row, float* columns_DW)
    {
        Vector512<float> a = default, b = default, c = default, d = default;
        for (var number = 0; number < _size; number += 4, columns_DW += 4 * (nint)width)
        {
            a = Vector512.FusedMultiplyAdd(Vector512.Create(row[number]), Vector512.Load(columns_DW), a);
            b = Vector512.FusedMultiplyAdd(Vector512.Create(row[number + 1]), Vector512.Load(columns_DW + width), b);
            c = Vector512.FusedMultiplyAdd(Vector512.Create(row[number + 2]), Vector512.Load(columns_DW + 2 * (nint)width), c);
            d = Vector512.FusedMultiplyAdd(Vector512.Create(row[number + 3]), Vector512.Load(columns_DW + 3 * (nint)width), d);
        }

        return a + b + (c + d);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Mix(TokenSpan span, int last, float* probabilities, float* values_NK, float* output)
    {
        for (var number = 0; number < _size; number += Tiles.Lanes)
        {
            var (ofPrompt, own) = (Vector512<float>.Zero, Vector512<float>.Zero);
            var value = values_NK + (nint)span.PromptStart * _stride + number;
            for (var i = 0; i < span.PromptLength; i++, value += _stride) ofPrompt = Vector512.FusedMultiplyAdd(Vector512.Create(probabilities[i]), Vector512.Load(value), ofPrompt);
            value = values_NK + (nint)span.Start * _stride + number;
            for (var i = 0; i <= last; i++, value += _stride) own = Vector512.FusedMultiplyAdd(Vector512.Create(probabilities[span.PromptWidth + i]), Vector512.Load(value), own);
            (ofPrompt + own).Store(output + number);
        }
    }

    /// <summary>The gradient of scores, by the output's gradient times the values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ByScores(TokenSpan span, float* byOutput, float* values_DW, float* probabilities)
    {
        for (var column = 0; column < span.Width; column += Tiles.Lanes) Products(byOutput, values_DW + column).Store(_byScore_W + column);
        RowSoftmax.Backward(probabilities, _byScore_W, span.Width, _scale);
    }

    /// <summary>A query's own gradient, and its part in those of the keys and values that it looked at.</summary>
    private void Spread(TokenSpan span, int last, int head, float* qkv_NH, float* byQkv_NH, float* byOutput, float* probabilities)
    {
        var token = (nint)(span.Start + last) * _stride + head * _size;
        Spread(span.PromptStart, span.PromptLength, head, qkv_NH, byQkv_NH, token, byOutput, probabilities, _byScore_W);
        Spread(span.Start, last + 1, head, qkv_NH, byQkv_NH, token, byOutput, probabilities + span.PromptWidth, _byScore_W + span.PromptWidth);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Spread(int first, int count, int head, float* qkv_NH, float* byQkv_NH, nint token, float* byOutput, float* probabilities, float* byScores)
    {
        for (var number = 0; number < _size; number += Tiles.Lanes)
        {
            var (query, gradient, byQuery) = (Vector512.Load(qkv_NH + token + number), Vector512.Load(byOutput + number), Vector512.Load(byQkv_NH + token + number));
            float* key = Key(qkv_NH, head) + (nint)first * _stride + number, byKey = Key(byQkv_NH, head) + (nint)first * _stride + number, byValue = byKey + config.KeyValueSize;
            for (var i = 0; i < count; i++, key += _stride, byKey += _stride, byValue += _stride)
            {
                var byScore = Vector512.Create(byScores[i]);
                byQuery = Vector512.FusedMultiplyAdd(byScore, Vector512.Load(key), byQuery);
                Vector512.FusedMultiplyAdd(byScore, query, Vector512.Load(byKey)).Store(byKey);
                Vector512.FusedMultiplyAdd(Vector512.Create(probabilities[i]), gradient, Vector512.Load(byValue)).Store(byValue);
            }

            byQuery.Store(byQkv_NH + token + number);
        }
    }
}
