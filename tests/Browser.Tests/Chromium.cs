using KnapsackCloud.Browser.Tests;
using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(Chromium))]

namespace KnapsackCloud.Browser.Tests;

/// <summary>A Chromium of this machine, without a window; where there is none, tests are skipped with the reason.</summary>
public sealed class Chromium : IAsyncLifetime
{
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
    /// <summary>Milliseconds in which a page shows what it should: long enough for a machine that has much else to do.</summary>
    private const float Patience = 60_000;

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async ValueTask InitializeAsync()
    {
        if (Find() is not { } path) return;
        _playwright = await Playwright.CreateAsync();
        Assertions.SetDefaultExpectTimeout(Patience);
        // Chromium's own sandbox does not run as root; only pages of this project are opened.
        string[] arguments = Environment.UserName == "root" ? ["--no-sandbox"] : [];
        _browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = path, Args = arguments });
    }

    /// <summary>A page of a fresh profile, on a screen of 1200 x 900.</summary>
    public async Task<IPage> OpenAsync(Uri address, ColorScheme scheme = ColorScheme.Light)
    {
        Assert.SkipWhen(_browser is null, "there is no Chromium on the path: install the package chromium");
        var page = await _browser.NewPageAsync(new() { BaseURL = address.ToString(), ColorScheme = scheme, ViewportSize = new() { Width = 1200, Height = 900 } });
        return page;
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null) await _browser.DisposeAsync();
        _playwright?.Dispose();
    }

    private static string? Find() =>
        Names.SelectMany(name => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, name))).FirstOrDefault(File.Exists);
}
