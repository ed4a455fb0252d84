namespace KnapsackCloud.Model.Learning.Cpu;

/// <summary>Softmax attention of the tokens of a packed microbatch, and its gradients. One thread at a time.</summary>
internal unsafe interface ISpanAttention
{
    /// <summary>Numbers that are kept of the way forward for the way back.</summary>
    long Kept(IReadOnlyList<TokenSpan> spans);

    /// <param name="qkv_NH">Rotated queries and keys, and values, of all tokens.</param>
    /// <param name="kept">Memory for as many numbers as <see cref="Kept"/> says.</param>
    /// <param name="attended_RQ">Gets a row for each query.</param>
    void Forward(IReadOnlyList<TokenSpan> spans, float* qkv_NH, float* kept, float* attended_RQ);

    /// <param name="kept">As <see cref="Forward"/> left them.</param>
    /// <param name="byQkv_NH">Zeros; gets the gradients of queries and keys after their rotation, and of values.</param>
    void Backward(IReadOnlyList<TokenSpan> spans, float* qkv_NH, float* kept, float* byAttended_RQ, float* byQkv_NH);
}
