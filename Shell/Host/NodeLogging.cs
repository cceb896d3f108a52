using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Nitro.Host.Options;

namespace Nitro.Host;

/// <summary>The node's log: one line per change, on standard error, so that standard output stays free for answers.</summary>
public static class NodeLogging
{
    /// <summary>Replaces the application's log providers.</summary>
    public static ILoggingBuilder AddNitroLog(this ILoggingBuilder logging, LogSettings settings)
    {
        logging.ClearProviders();
        logging.SetMinimumLevel(Level(settings.Level));

        // Hosting and web servers talk about themselves: only their warnings matter to an operator.
        logging.AddFilter("Microsoft", level => level >= LogLevel.Warning && level >= Level(settings.Level));

        // A line for each connection beyond the limit would let whoever makes them fill the disk; kestrel.rejected_connections counts them.
        logging.AddFilter("Microsoft.AspNetCore.Server.Kestrel.Connections", level => level >= LogLevel.Error && level >= Level(settings.Level));
        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
            console.UseUtcTimestamp = true;
            console.ColorBehavior = LoggerColorBehavior.Disabled;
        });
        logging.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        return logging;
    }

    private static LogLevel Level(string text) => text switch
    {
        "trace" => LogLevel.Trace,
        "debug" => LogLevel.Debug,
        "warn" => LogLevel.Warning,
        "error" => LogLevel.Error,
        "off" => LogLevel.None,
        _ => LogLevel.Information,
    };
}
