using Microsoft.Extensions.DependencyInjection;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Nitro.Signer;
using Nitro.Signing;
using Nitro.Storage;

using var stopping = new CancellationTokenSource();
using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
try
{
    var command = SignerCommand.Parse(args);
    if (command.Help)
    {
        Console.WriteLine(SignerCommand.Usage);
        return 0;
    }

    using var loggers = LoggerFactory.Create(logging =>
    {
        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
            console.UseUtcTimestamp = true;
            console.ColorBehavior = LoggerColorBehavior.Disabled;
        });
        logging.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
    });
    if (command.EndsWithInput)
    {
        // On a thread of its own, since it blocks one for as long as the signer runs.
        new Thread(() => Drain(stopping)) { IsBackground = true, Name = "standard input" }.Start();
    }

    if (command.Pair is { } code)
    {
        var isNew = await Pairing.PairAsync(code, command.Options, stopping.Token);
        loggers.CreateLogger("Nitro.Signer").LogInformation(
            isNew ? "Paired; from now on this signer attaches to that node without a code" : "The code is used up; going on with the pairing of before");
    }

    await using var signer = SignerService.Open(command.Options, loggers);
    await signer.RunAsync(stopping.Token);
    return 0;
}
catch (Exception problem) when (problem is SignerSetupException or PolicyFileException or KeyFileException or MarksException or StorageException)
{
    await Console.Error.WriteLineAsync($"nitro-signer: {problem.Message}");
    return 1;
}

void End(PosixSignalContext signal)
{
    signal.Cancel = true;
    stopping.Cancel();
}

static void Drain(CancellationTokenSource stopping)
{
    using var input = Console.OpenStandardInput();
    var ignored = new byte[256];
    while (input.Read(ignored) > 0)
    {
        // What is said here means nothing; only the end does.
    }

    stopping.Cancel();
}
