using System.Text;
using KnapsackCloud.Core.Contracts;
using Microsoft.AspNetCore.Http;

namespace KnapsackCloud.Functions.Api;

/// <summary>Bodies of requests, read whole up to a limit.</summary>
internal static class RequestBody
{
    /// <summary>Largest body of any request: about 100,000 tasks to allocate for.</summary>
    public const int MostBytes = 8 << 20;
    /// <summary>What is larger is not even read away: the connection ends.</summary>
    public const int MostDrained = 64 << 20;
    private const int Step = 16 << 10;
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <param name="limit">In bytes.</param>
    /// <exception cref="RequestRefusedException">The body is larger.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpContext context, int limit)
    {
        if (context.Request.ContentLength > limit) throw await TooLargeAsync(context, limit);
        var content = new byte[Math.Min(limit + 1, (int)(context.Request.ContentLength ?? Step) + 1)];
        var length = 0;
        while (await context.Request.Body.ReadAsync(content.AsMemory(length), context.RequestAborted) is > 0 and var read)
        {
            length += read;
            if (length > limit) throw await TooLargeAsync(context, limit);
            if (length == content.Length) Array.Resize(ref content, Math.Min(limit + 1, 2 * content.Length));
        }
        return content.AsMemory(0, length);
    }

    /// <exception cref="RequestRefusedException">The body is larger.</exception>
    /// <exception cref="InvalidInputException">It is not UTF-8.</exception>
    public static async Task<string> ReadTextAsync(HttpContext context, int limit)
    {
        var content = await ReadAsync(context, limit);
        try
        {
            return StrictUtf8.GetString(content.Span);
        }
        catch (DecoderFallbackException)
        {
            throw new InvalidInputException("body", "is not UTF-8: send JSON in UTF-8");
        }
    }

    /// <summary>Reads the rest away first: a caller who is still sending when the connection closes never sees why.</summary>
    private static async Task<RequestRefusedException> TooLargeAsync(HttpContext context, int limit)
    {
        await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
        return new(StatusCodes.Status413PayloadTooLarge, $"the body is larger than the {limit} bytes that are taken here");
    }
}
