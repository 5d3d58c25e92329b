// A service of the shop, traced by OpenTelemetry: endpoint, protocol, service name and intervals come from the OTEL_... variables.
// NEXT is the base URL of the service behind it; without it this one is the last. Says its port, ends by SIGTERM.
using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

// ASP.NET Core gives its activities the attributes of the semantic conventions only when asked
AppContext.SetSwitch("Microsoft.AspNetCore.Hosting.SuppressActivityOpenTelemetryData", false);

var shop = new ActivitySource("shop");
using var traces = Sdk.CreateTracerProviderBuilder()
    .AddSource("Microsoft.AspNetCore", "System.Net.Http", shop.Name)
    .AddOtlpExporter()
    .Build();
using var metrics = Sdk.CreateMeterProviderBuilder()
    .AddMeter("Microsoft.AspNetCore.Hosting", "System.Runtime")
    .AddOtlpExporter()
    .Build();

var builder = WebApplication.CreateSlimBuilder(args);
builder.WebHost.UseUrls("http://127.0.0.1:0");
builder.Logging.ClearProviders();
builder.Logging.AddOpenTelemetry(logging =>
{
    logging.IncludeFormattedMessage = true;
    logging.AddOtlpExporter();
}).AddFilter("Microsoft", LogLevel.Warning);
var app = builder.Build();

// What the package OpenTelemetry.Instrumentation.AspNetCore would add: name, route, status and exception of a request
app.Use(async (context, rest) =>
{
    var request = Activity.Current;
    try
    {
        await rest(context);
    }
    catch (Exception error)
    {
        context.Response.StatusCode = 500;
        request?.AddException(error);
        request?.SetStatus(ActivityStatusCode.Error);
    }
    var route = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText;
    request?.SetTag("http.route", route);
    request?.SetTag("http.response.status_code", context.Response.StatusCode);
    request?.DisplayName = $"{context.Request.Method} {route}".TrimEnd();
});

var next = Environment.GetEnvironmentVariable("NEXT");
var client = new HttpClient();

app.MapGet("/orders/{id}", async (string id) =>
{
    if (next != null)
        return Results.Text(await client.GetStringAsync($"{next}/orders/{id}"), "application/json");
    using var work = shop.StartActivity("weigh");
    return Results.Ok(new { id });
});

app.MapGet("/broken", void () => throw new InvalidOperationException("the order has no end"));

app.MapGet("/slow", async () =>
{
    await Task.Delay(300);
    return Results.Ok();
});

app.MapGet("/customers/{name}", (string name, ILogger<Program> log) =>
{
    Activity.Current?.SetTag("customer", name);
    Activity.Current?.AddException(new ArgumentException("the customer has no address"));
    log.LogWarning("customer without an address");
    return Results.Ok();
});

app.Lifetime.ApplicationStarted.Register(() => Console.WriteLine($"listening on {new Uri(app.Urls.First()).Port}"));
app.Run();
