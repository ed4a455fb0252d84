namespace KnapsackCloud.Functions.Api;

/// <summary>The request gets an answer other than success; the message is for whoever sent it.</summary>
/// <param name="status">HTTP status.</param>
internal sealed class RequestRefusedException(int status, string problem) : Exception(problem)
{
    public int Status { get; } = status;
}
