using Microsoft.Extensions.DependencyInjection;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Nitro.Signer;
using Nitro.Signer.Keys;
using Nitro.Signing;
using Nitro.Storage;

using var stopping = new CancellationTokenSource();
using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
try
{
    // 'nitro signer' puts a flag before whatever it is given.
    string[] words = args is ["--end-with-stdin", .. var behind] ? behind : args;
    switch (words)
    {
        case ["keys", .. var rest]:
            await KeysCommand.Parse(rest).RunAsync(Console.OpenStandardInput(), Console.Out, stopping.Token);
            return 0;
        case ["devices", .. var rest]:
            Console.WriteLine(DevicesCommand.Run(rest));
            return 0;
    }

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

    var passphrase = Array.Empty<byte>();
    if (SignerKeys.NeedPassphrase(command.Options))
    {
        SignerService.Check(command.Options);
        passphrase = await Passphrase.ObtainAsync(command.Options.PassphraseFile, stopping.Token);
    }

    await using var signer = await SignerService.OpenAsync(command.Options, loggers, passphrase, command.TakesOver, stopping.Token);
    CryptographicOperations.ZeroMemory(passphrase);
    await signer.RunAsync(stopping.Token);
    return 0;
}
catch (OperationCanceledException) when (stopping.IsCancellationRequested)
{
    // Told to end while it waited for a passphrase or a code.
    return 130;
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
