using Countersign.Bench;
using Countersign.Bench.Load;
using Countersign.Bench.Machine;

try
{
    Func<string[], Task> command = args is [var verb, ..]
        ? verb switch
        {
            "run" => RunCommand.RunAsync,
            "growth" => GrowthCommand.RunAsync,
            "nodes" => NodesCommand.RunAsync,
            _ => throw new UsageException($"There is no {verb}."),
        }
        : throw new UsageException("The first argument is run, growth or nodes.");
    await command(args[1..]);
    return 0;
}
catch (HelpException e)
{
    Console.WriteLine(e.Message);
    return 0;
}
catch (UsageException e)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}
catch (Exception e) when (e is BenchException or OddAnswerException)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
