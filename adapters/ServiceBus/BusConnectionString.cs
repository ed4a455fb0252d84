using System.Diagnostics.CodeAnalysis;

namespace KnapsackCloud.Adapters.ServiceBus;

/// <summary>The parts of a Service Bus connection string.</summary>
internal sealed record BusConnectionString(BusEndpoint Endpoint, string KeyName, string Key)
{
    /// <summary>False, with the problem in words and without the key, for a text that is none.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out BusConnectionString? parsed, [NotNullWhen(false)] out string? problem)
    {
        var parts = text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(part => part.Split('=', 2)).Where(part => part.Length == 2)
            .GroupBy(part => part[0], StringComparer.OrdinalIgnoreCase)
            .ToDictionary(part => part.Key, part => part.Last()[1], StringComparer.OrdinalIgnoreCase);
        parsed = null;
        problem = !parts.TryGetValue("Endpoint", out var place) || !Uri.TryCreate(place, UriKind.Absolute, out var uri) || uri.Host.Length == 0
            ? "the connection string needs Endpoint=sb://name.servicebus.windows.net/"
            : !parts.ContainsKey("SharedAccessKeyName") || !parts.ContainsKey("SharedAccessKey")
                ? "the connection string needs SharedAccessKeyName and SharedAccessKey; without a key, give FullyQualifiedNamespace and an identity"
                : null;
        if (problem is not null) return false;
        var isEmulator = parts.TryGetValue("UseDevelopmentEmulator", out var emulator) && bool.TryParse(emulator, out var on) && on;
        parsed = new BusConnectionString(BusEndpoint.Of(new Uri(parts["Endpoint"]), isEmulator), parts["SharedAccessKeyName"], parts["SharedAccessKey"]);
        return true;
    }
}
