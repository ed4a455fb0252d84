using System.Net;
using System.Text;
using KnapsackCloud.Tests.Shared;
using static KnapsackCloud.Functions.Tests.ControlPlaneUnderTest;
using static KnapsackCloud.Functions.Tests.RunApiTests;

namespace KnapsackCloud.Functions.Tests;

/// <summary>Wrong and hostile requests get a clear 4xx, and the process lives on.</summary>
public class HostileHttpTests
{
    private const int TenMegabytes = 10 << 20;

    [Theory]
    [InlineData("..%2F..%2Fetc%2Fpasswd")]
    [InlineData("%2e%2e")]
    [InlineData("a%00b")]
    [InlineData("UPPER")]
    [InlineData("-leading")]
    [InlineData("a%5C..%5Cb")]
    [InlineData("%F0%9F%92%A3")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public async Task An_id_that_is_none_is_refused_wherever_it_stands(string id)
    {
        await using var plane = await StartAsync(underHost: true);
        foreach (var path in new[] { $"/api/runs/{id}", $"/api/runs/{id}/steps", $"/api/runs/{id}/steps/1", $"/api/runs/{id}/policies", $"/api/runs?after={id}" })
            AssertRefused(await plane.GetAsync(path));
        foreach (var move in new[] { "pause", "resume", "cancel" }) AssertRefused(await plane.PostAsync($"/api/runs/{id}/{move}", ""));
        Assert.Empty(plane.Store.Blobs);
    }

    [Theory]
    [InlineData("/api/runs?limit=0")]
    [InlineData("/api/runs?limit=1e9")]
    [InlineData("/api/runs?limit=-1")]
    [InlineData("/api/runs?limit=1&limit=2")]
    [InlineData("/api/runs/r/steps?after=99999999999999999999")]
    [InlineData("/api/runs/r/steps/0")]
    [InlineData("/api/runs/r/steps/..%2F1")]
    [InlineData("/api/runs/r/steps/2147483648")]
    public async Task A_number_out_of_range_is_refused_with_its_name(string path)
    {
        await using var plane = await StartAsync(underHost: true);
        await AssertProblemAsync(await plane.GetAsync(path), HttpStatusCode.BadRequest, "the input has 1 error");
    }

    [Fact]
    public async Task Every_error_of_a_spec_is_told_at_once()
    {
        await using var plane = await StartAsync(underHost: true);
        var unknown = string.Join(',', Enumerable.Range(1, 22).Select(i => $"\"member{i}\":{i}"));
        var spec = $$"""
            {"name":1,"seed":-1,"steps":0,"model":{"source":3},"tasks":{"perStep":-4,"verifier":"none"},
             "allocation":{"policy":"best","min":-1,"max":-2,"unit":"apples"},"sampling":{"temperature":-1,"topP":7,"maxTokens":0},
             "learning":{"loss":"","learningRate":-1,"clipLow":9},{{unknown}}}
            """;
        using var response = await plane.PostAsync("/api/runs", spec);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var errors = (await JsonOf(response))["errors"]!.AsArray();
        Assert.True(errors.Count >= 30, $"{errors.Count} errors: {errors.ToJsonString()}");
        Assert.All(errors, error => Assert.NotEmpty(error!["place"]!.GetValue<string>()));
        Assert.Empty(plane.Store.Blobs);
    }

    [Theory]
    [InlineData("/api/runs", true)]
    [InlineData("/api/runs", false)]
    [InlineData("/api/allocate", true)]
    [InlineData("/api/allocate", false)]
    [InlineData("/Plan", false)]
    public async Task A_body_of_ten_megabytes_is_refused_and_not_kept(string path, bool saysItsLength)
    {
        await using var plane = await StartAsync(underHost: true);
        using var content = new StreamContent(new MemoryStream(new byte[TenMegabytes]));
        if (!saysItsLength) content.Headers.ContentLength = null;
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = content };
        request.Headers.TransferEncodingChunked = !saysItsLength;
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, await StatusOfAsync(plane, request));
        await AssertAliveAsync(plane);
    }

    public static TheoryData<string> Bodies => new(
        "", "nul", "[]", "{", "\"text\"", "{\"name\":\"a\\ud800\"}", "{\"a\":1}{\"b\":2}", "{\"steps\":1,\"steps\":2}", "{\"steps\":1e999}",
        new string('[', 60_000), string.Concat(Enumerable.Repeat("{\"tasks\":", 6_000)));

    [Theory, MemberData(nameof(Bodies))]
    public async Task A_body_that_is_no_such_document_is_a_bad_request(string body)
    {
        await using var plane = await StartAsync(underHost: true);
        foreach (var path in new[] { "/api/runs", "/api/allocate" })
        {
            using var response = await plane.PostAsync(path, body);
            Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
            Assert.NotEmpty((await JsonOf(response))["errors"]!.AsArray());
        }
        await AssertAliveAsync(plane);
    }

    [Fact]
    public async Task Bytes_that_are_no_text_are_a_bad_request()
    {
        await using var plane = await StartAsync(underHost: true);
        foreach (var path in new[] { "/api/runs", "/api/allocate" })
            Assert.Equal(HttpStatusCode.BadRequest, (await plane.PostAsync(path, [0xff, 0xfe, 0x7b, 0x00])).StatusCode);
    }

    [Theory]
    [InlineData("../secret.jsonl")]
    [InlineData("/etc/passwd")]
    [InlineData("inner/../../secret.jsonl")]
    [InlineData(".hidden.jsonl")]
    [InlineData("link.jsonl")]
    [InlineData("linked/secret.jsonl")]
    [InlineData("C:\\\\windows\\\\win.ini")]
    [InlineData("missing.jsonl")]
    public async Task A_spec_names_only_files_of_the_folder_that_was_opened(string name)
    {
        using var folder = new TempFolder();
        Directory.CreateDirectory(folder["data/inner"]);
        await File.WriteAllTextAsync(folder["secret.jsonl"], "{\"id\":\"a\",\"prompt\":\"1+1=\",\"gold\":\"2\"}", Token);
        await File.WriteAllTextAsync(folder["data/.hidden.jsonl"], "{}", Token);
        File.CreateSymbolicLink(folder["data/link.jsonl"], folder["secret.jsonl"]);
        Directory.CreateSymbolicLink(folder["data/linked"], folder.Path);
        await using var plane = await StartAsync(underHost: true, data: folder["data"]);
        using var response = await plane.PostAsync("/api/runs", $$"""{"name":"a","steps":1,"tasks":{"source":"{{name}}","perStep":1},"evaluation":{"every":0} }""");
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("tasks.source", (await JsonOf(response))["errors"]![0]!["place"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_spec_may_name_a_file_of_the_folder_that_was_opened()
    {
        using var folder = new TempFolder();
        Directory.CreateDirectory(folder["inner"]);
        await File.WriteAllTextAsync(folder["inner/tasks.jsonl"], "{\"id\":\"a\",\"prompt\":\"1+1=\",\"gold\":\"2\"}", Token);
        await using var plane = await StartAsync(underHost: true, data: folder.Path);
        using var response = await plane.PostAsync("/api/runs", """{"name":"a","steps":1,"tasks":{"source":"inner/tasks.jsonl","perStep":1},"evaluation":{"every":0}}""");
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
    }

    [Fact]
    public async Task Pages_of_other_sites_can_neither_change_nor_read_anything()
    {
        await using var plane = await StartAsync();
        using var forged = new HttpRequestMessage(HttpMethod.Post, "/api/runs") { Content = new StringContent(Spec()) };
        forged.Headers.Add("Origin", "https://elsewhere.example");
        Assert.Equal(HttpStatusCode.Forbidden, await StatusOfAsync(plane, forged));
        using var rebound = new HttpRequestMessage(HttpMethod.Get, "/api/runs");
        rebound.Headers.Host = "elsewhere.example";
        Assert.Equal(HttpStatusCode.MisdirectedRequest, await StatusOfAsync(plane, rebound));
        Assert.Empty(plane.Store.Blobs);
    }

    [Fact]
    public async Task Other_methods_and_places_are_problems_too()
    {
        await using var plane = await StartAsync(underHost: true);
        await AssertProblemAsync(await plane.GetAsync("/api/nothing"), HttpStatusCode.NotFound, "/api/openapi.json");
        using var request = new HttpRequestMessage(HttpMethod.Delete, "/api/runs");
        Assert.Equal(HttpStatusCode.MethodNotAllowed, await StatusOfAsync(plane, request));
    }

    private static async Task<HttpStatusCode> StatusOfAsync(ControlPlaneUnderTest plane, HttpRequestMessage request)
    {
        using var response = await plane.Http.SendAsync(request, Token);
        return response.StatusCode;
    }

    private static void AssertRefused(HttpResponseMessage response)
    {
        using (response) Assert.True(response.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.NotFound, $"{response.StatusCode}");
    }

    private static async Task AssertAliveAsync(ControlPlaneUnderTest plane)
    {
        using var response = await plane.PostAsync("/api/runs", Encoding.UTF8.GetBytes(Spec()));
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
    }
}
